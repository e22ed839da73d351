"""What is embedded: short questions, and passages of exactly 128 tokens."""
import json
import random
from pathlib import Path

from tokenizers import Tokenizer

QUESTIONS = 2000
# Of a question, special tokens included.
QUESTION_TOKENS = range(8, 29)
PASSAGES = 64
PASSAGE_TOKENS = 128


def read_tokenizer(model: Path) -> Tokenizer:
    """Without the padding and truncation to 128 tokens that the model's own file asks for."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read_questions(tokenizer: Tokenizer, file: Path | None, authored: Path) -> list[str]:
    """Short ones, drawn from a labelled set ({text, …} a line) or, without one, from the English phrasings of `authored`."""
    if file is not None:
        texts = [record["text"] for record in read_json_lines(file)]
    else:
        texts = [text for record in read_entries(authored) for text in (record["question"], *record["similar"])]
    texts = [text for text in dict.fromkeys(texts) if len(tokenizer.encode(text).ids) in QUESTION_TOKENS]
    random.Random(0).shuffle(texts)
    return texts[:QUESTIONS]


def read_passages(tokenizer: Tokenizer, authored: Path) -> list[str]:
    """English answers, joined and cut."""
    passages: list[str] = []
    collected = ""
    for record in read_entries(authored):
        collected = f"{collected} {record['answer']}".strip()
        passage = cut(tokenizer, collected)
        if passage is not None:
            passages.append(passage)
            collected = ""
        if len(passages) == PASSAGES:
            return passages
    raise SystemExit(f"{authored} has too little text for {PASSAGES} passages")


def cut(tokenizer: Tokenizer, text: str) -> str | None:
    """The beginning of `text` that makes a passage; None where the text is too short."""
    special = tokenizer.num_special_tokens_to_add(False)
    words = tokenizer.encode(text, add_special_tokens=False)
    if len(words.ids) < PASSAGE_TOKENS - special:
        return None
    passage = text[: words.offsets[PASSAGE_TOKENS - special - 1][1]]
    # A word cut in two may be divided differently; then a longer text is tried.
    return passage if len(tokenizer.encode(passage).ids) == PASSAGE_TOKENS else None


def read_entries(authored: Path) -> list[dict]:
    paths = sorted(authored.glob("en_*.jsonl"))
    return [record for path in paths for record in read_json_lines(path) if record["type"] == "faq"]


def read_json_lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
