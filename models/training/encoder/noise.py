"""Makes questions look like those of hurried customers: homophones, confused sounds, lost and swapped characters,
missing punctuation, politeness and filler words; in English typing errors. The meaning stays.
"""
import random
import re
from collections import defaultdict

from pypinyin import Style, lazy_pinyin

OPENERS = ("请问", "你好", "您好,", "那个", "麻烦问一下", "亲,", "我想问下", "就是", "嗯", "问一下", "客服", "哎", "帮我看下", "想咨询下,", "在吗 ")
CLOSERS = ("谢谢", "急", "呢", "啊", "呀", "呗", "吗?", "??", "…", "在线等", "麻烦了", "哈", "求解", "!!")
ENGLISH_OPENERS = ("hi ", "hello, ", "hey ", "please ", "excuse me, ", "um ", "so ", "quick question: ", "i was wondering, ", "ok ")
ENGLISH_CLOSERS = (" please", " thanks", " pls", "??", " asap", " thx", "!!", " thank you")
# Sounds that speakers of southern and south-western dialects do not tell apart.
SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
PUNCTUATION = re.compile(r"[,。?!、;:,.?!;:…\"“”'~]+")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Noise:
    """`characters`: the Chinese characters that may appear as a mistake, the frequent ones of the corpus."""

    def __init__(self, characters: list[str], seed: int) -> None:
        self.random = random.Random(seed)
        self.alike: dict[str, list[str]] = defaultdict(list)
        for character in characters:
            self.alike[sound(character)].append(character)

    def disturb(self, text: str) -> str:
        """One or two disturbances; now and then the text comes back as it was."""
        chinese = CHINESE.search(text) is not None
        kinds = CHINESE_KINDS if chinese else ENGLISH_KINDS
        for kind in self.random.sample(kinds, self.random.choice((1, 1, 2))):
            text = kind(self, text) or text
        return text

    def homophone(self, text: str) -> str:
        return self.replace(text, lambda character: self.alike[sound(character)])

    def confused_sound(self, text: str) -> str:
        return self.replace(text, lambda character: [c for heard in confused(sound(character)) for c in self.alike[heard]])

    def replace(self, text: str, choices) -> str:
        places = [place for place, character in enumerate(text) if CHINESE.match(character)]
        for place in self.random.sample(places, min(len(places), 1 + len(places) // 10)):
            others = [character for character in choices(text[place])[:8] if character != text[place]]
            if others and len(places) > 2:
                text = text[:place] + self.random.choice(others) + text[place + 1 :]
        return text

    def lose(self, text: str) -> str:
        if len(text) < 5:
            return text
        place = self.random.randrange(len(text))
        return text[:place] + text[place + 1 :]

    def swap(self, text: str) -> str:
        if len(text) < 5:
            return text
        place = self.random.randrange(len(text) - 1)
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    def repeat(self, text: str) -> str:
        if len(text) < 3:
            return text
        place = self.random.randrange(len(text))
        return text[:place] + text[place] + text[place:]

    def spoken(self, text: str) -> str:
        return PUNCTUATION.sub("" if self.random.random() < 0.7 else " ", text).lower()

    def open(self, text: str) -> str:
        return self.random.choice(OPENERS) + text

    def close(self, text: str) -> str:
        return PUNCTUATION.sub("", text[-1:]).join((text[:-1], "")) + self.random.choice(CLOSERS)

    def open_english(self, text: str) -> str:
        return self.random.choice(ENGLISH_OPENERS) + text[:1].lower() + text[1:]

    def close_english(self, text: str) -> str:
        return text.rstrip("?.! ") + self.random.choice(ENGLISH_CLOSERS)


CHINESE_KINDS = (Noise.homophone, Noise.homophone, Noise.confused_sound, Noise.lose, Noise.swap, Noise.repeat, Noise.spoken, Noise.open, Noise.close)
ENGLISH_KINDS = (Noise.lose, Noise.swap, Noise.repeat, Noise.spoken, Noise.open_english, Noise.close_english)


def sound(character: str) -> str:
    return lazy_pinyin(character, style=Style.NORMAL)[0]


def confused(heard: str) -> list[str]:
    found = []
    for one, other in SOUNDS:
        for left, right in ((one, other), (other, one)):
            if heard.startswith(left) and not (len(left) == 1 and heard.startswith(left + "h")):
                found.append(right + heard[len(left) :])
            elif heard.endswith(left) and left[0] in "aei":
                found.append(heard[: -len(left)] + right)
    return found
