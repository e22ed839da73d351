"""Reads the training folder: authored industries, parallel text, question-answer pairs and plain text.

Every list comes back in a fixed order, so that the same folder and seed give the same model.
"""
import gzip
import json
import random
import zlib
from dataclasses import dataclass, field
from pathlib import Path

# Never trained on: settings are chosen and progress is measured on these industries.
DEVELOPMENT = (
    "concert_tickets",
    "corporate_email",
    "courier_station",
    "credit_card_app",
    "en_insurance",
    "health_women",
    "school_enrollment",
    "short_video_app",
    "smart_lock_camera",
    "social_insurance",
    "wearables",
)
# Machine translated text has 3-5 % errors; it is drawn half as often as human translations.
MACHINE_TRANSLATED_KEEP = 2
# One pair in so many is kept out of training.
HELD_BACK = 150


@dataclass
class Entry:
    """One FAQ entry. `phrasings` and `translations` hold the standard question first, then the others.

    `unlike` are questions that share most of their words with this entry's and that it does not answer.
    """

    id: str
    phrasings: list[str]
    translations: list[str]
    answers: list[str]
    unlike: list[str]


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
    """Chinese entries have English translations, English ones (`similar_zh`) Chinese translations."""
    other = "zh" if "similar_zh" in record else "en"
    translations = [record[f"question_{other}"]] if record.get(f"question_{other}") else []
    translations += record.get(f"similar_{other}", [])
    answers = [record[key] for key in ("answer", f"answer_{other}") if record.get(key)]
    return Entry(record["id"], [record["question"], *record["similar"]], translations, answers, record.get("unlike", []))


def authored_folders(shared: Path) -> list[Path]:
    """Where hand-written questions lie: in the data folder, and beside this file."""
    if not (shared / "authored").is_dir():
        raise SystemExit(f"{shared} has no folder authored/: give the training data with --data")
    own = Path(__file__).resolve().parent / "authored"
    return list(dict.fromkeys([(shared / "authored").resolve(), own]))


def read_industries(folders: list[Path], hold_out: set[str]) -> list[Industry]:
    """All industries of the folders, by name; `hold_out` names those to leave out."""
    paths = sorted((path for folder in folders for path in folder.glob("*.jsonl")), key=lambda path: path.stem)
    unknown = hold_out - {path.stem for path in paths}
    if unknown:
        raise SystemExit(f"held-out industries not found: {', '.join(sorted(unknown))}")
    return [read_industry(path) for path in paths if path.stem not in hold_out]


def some_of(names: list[str], count: int) -> list[str]:
    """So many of the industries at random, the same ones every time; a smaller number gives a part of a larger one's."""
    shuffled = sorted(names)
    random.Random(1).shuffle(shuffled)
    return shuffled[:count]


def read_parallel(folder: Path, held_back: bool = False) -> list[tuple[str, str]]:
    """Chinese-English pairs, without repetitions; of the machine translated ones every second.

    `held_back` gives, instead of the pairs for training, the human translated ones kept for measuring.
    """
    human = [row[:2] for row in read_tables(folder / "parallel", "*.tsv") if row[0] != "source"]
    machine = [row[:2] for row in read_tables(folder / "parallel" / "mt", "*_mt.tsv") if row[0] not in ("zh", "en")]
    pairs = [tuple(row) for row in (human if held_back else human + machine[::MACHINE_TRANSLATED_KEEP]) if all(row)]
    return [pair for pair in dict.fromkeys(pairs) if is_held_back(pair) == held_back]


def short_pairs(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that the teacher can be asked about, in a random order that is the same every time."""
    short = [pair for pair in pairs if 2 <= len(pair[0]) <= 60 and 8 <= len(pair[1]) <= 110]
    random.Random(0).shuffle(short)
    return short


def is_held_back(pair: tuple[str, str]) -> bool:
    """By the English side alone, so that its other translations are held back too."""
    return zlib.crc32(pair[1].lower().encode()) % HELD_BACK == 0


def read_question_answers(folder: Path) -> list[tuple[str, str]]:
    rows = read_tables(folder / "qa", "*.tsv")
    return list(dict.fromkeys((row[1], row[2]) for row in rows if len(row) == 3 and row[1] and row[2]))


def read_text(folder: Path, every: int = 1) -> list[str]:
    """No lines where the folder has no text."""
    path = folder / "text" / "zh_open_text.txt.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
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
