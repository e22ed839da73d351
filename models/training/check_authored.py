"""Checks files of hand-written questions: the form of every line, repeated phrasings, and one question in two entries.

    python check_authored.py FILE...        exit code 1 and one line for each fault
"""
import json
import sys
import unicodedata
from pathlib import Path

ENTRY_TEXTS = ("id", "category", "question", "answer")
LISTS = {"similar": 6, "similar_en": 1}
OTHER_TYPES = {"near_oos", "far_oos"}


def main() -> None:
    faults = [f"{path}:{fault}" for path in sys.argv[1:] for fault in check_file(Path(path))]
    print("\n".join(faults) if faults else f"{len(sys.argv) - 1} files, no fault")
    sys.exit(bool(faults))


def check_file(path: Path) -> list[str]:
    faults: list[str] = []
    owner: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            faults.append(f"{number}: not JSON: {error}")
            continue
        faults += [f"{number}: {fault}" for fault in check_record(record, path.stem, owner)]
    return faults


def check_record(record: dict, industry: str, owner: dict[str, str]) -> list[str]:
    kind = record.get("type")
    if kind in OTHER_TYPES:
        return [] if isinstance(record.get("text"), str) and record["text"].strip() else [f"{kind} without text"]
    if kind == "dialogue":
        return [] if len(record.get("gold", [])) == sum("user" in turn for turn in record["turns"]) else ["one gold for each user turn"]
    if kind != "faq":
        return [f"unknown type {kind!r}"]
    return check_entry(record, industry, owner)


def check_entry(record: dict, industry: str, owner: dict[str, str]) -> list[str]:
    faults = [f"{key} is missing" for key in ENTRY_TEXTS if not str(record.get(key, "")).strip()]
    faults += [f"{key}: fewer than {least}" for key, least in LISTS.items() if key in record and len(record[key]) < least]
    if "similar" not in record:
        return [*faults, "similar is missing"]
    name = record.get("id", "?")
    if not name.startswith(f"{industry}-"):
        faults.append(f"id {name} does not begin with {industry}-")
    for text in [record.get("question", ""), *record["similar"]]:
        key = folded(text)
        if key in owner:
            faults.append(f"{text!r} is a phrasing of {owner[key]} and of {name}")
        owner[key] = name
    own = {folded(text) for text in [record.get("question", ""), *record["similar"]]}
    return faults + [f"unlike {text!r} is a phrasing of the entry" for text in record.get("unlike", []) if folded(text) in own]


def folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in text if character.isalnum())


if __name__ == "__main__":
    main()
