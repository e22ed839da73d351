"""Reads the training folder: authored industries, parallel text, question-answer pairs and plain text.

Every list comes back in a fixed order, so that the same folder and seed give the same model.
"""
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

# Machine translated text has 3-5 % errors; it is drawn half as often as human translations.
MACHINE_TRANSLATED_KEEP = 2


@dataclass
class Entry:
    """One FAQ entry. `chinese` and `english` hold the standard question first, then the other phrasings."""

    id: str
    chinese: list[str]
    english: list[str]
    answers: list[str]


@dataclass
class Industry:
    """One knowledge base. Its `out_of_scope` questions are answered by none of its entries."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    out_of_scope: list[str] = field(default_factory=list)


def read_industry(path: Path) -> Industry:
    industry = Industry(path.stem)
    for record in read_json_lines(path):
        if record["type"] == "faq":
            industry.entries.append(read_entry(record))
        elif record["type"] in ("near_oos", "far_oos"):
            industry.out_of_scope.append(record["text"])
    return industry


def read_entry(record: dict) -> Entry:
    english = [record[key] for key in ("question_en",) if record.get(key)] + record.get("similar_en", [])
    answers = [record[key] for key in ("answer", "answer_en") if record.get(key)]
    return Entry(record["id"], [record["question"], *record["similar"]], english, answers)


def read_industries(folder: Path, hold_out: set[str]) -> list[Industry]:
    paths = sorted((folder / "authored").glob("*.jsonl"))
    unknown = hold_out - {path.stem for path in paths}
    if unknown:
        raise SystemExit(f"held-out industries not found: {', '.join(sorted(unknown))}")
    return [read_industry(path) for path in paths if path.stem not in hold_out]


def read_parallel(folder: Path) -> list[tuple[str, str]]:
    """Chinese-English pairs, without repetitions; of the machine translated ones every second."""
    human = [row[:2] for row in read_tables(folder / "parallel", "*.tsv") if row[0] != "source"]
    machine = [row[:2] for row in read_tables(folder / "parallel" / "mt", "*_mt.tsv") if row[0] not in ("zh", "en")]
    pairs = [tuple(row) for row in human + machine[::MACHINE_TRANSLATED_KEEP] if all(row)]
    return list(dict.fromkeys(pairs))


def read_question_answers(folder: Path) -> list[tuple[str, str]]:
    rows = read_tables(folder / "qa", "*.tsv")
    return list(dict.fromkeys((row[1], row[2]) for row in rows if len(row) == 3 and row[1] and row[2]))


def read_text(folder: Path, every: int = 1) -> list[str]:
    with gzip.open(folder / "text" / "zh_open_text.txt.gz", "rt", encoding="utf-8") as file:
        return [line.strip() for number, line in enumerate(file) if number % every == 0 and line.strip()]


def read_tables(folder: Path, pattern: str) -> list[list[str]]:
    rows = []
    for path in sorted(folder.glob(pattern)):
        if path.name != "INDEX.tsv":
            with path.open(encoding="utf-8") as file:
                rows.extend(line.rstrip("\n").split("\t") for line in file)
    return [row for row in rows if len(row) >= 2]


def read_json_lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
