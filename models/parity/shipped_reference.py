"""Writes yingda-encoder.json: sentences, and the vectors sentence-transformers gives for them with the shipped encoder.

Usage: python shipped_reference.py     (again after every new training)
"""

from pathlib import Path

from minilm_reference import SENTENCES as ENGLISH
from reference_vectors import write_reference

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "inference" / "tests" / "parity" / "yingda-encoder.json"
CHINESE = [
    "怎么退款",
    "我上周买的那双鞋穿了一次就开胶了,这种还能退吗?",
    "帐号登陆不上去了咋整啊",
    "X3 Pro 和 X3 SE 有啥区别,防水吗",
    "借了3000,提前还2000可以不",
    "vip 到期了还在扣钱!!!",
    "在吗",
    "?",
    "1",
    "唔该,点样先可以转人工",
    "𠮷野家 ㎡ ½ ℃ ①",
    "退款" * 200,
]


def main():
    write_reference(OUTPUT, ROOT / "models" / "yingda-encoder", CHINESE + ENGLISH[:20], {})


if __name__ == "__main__":
    main()
