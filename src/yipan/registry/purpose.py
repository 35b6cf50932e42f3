"""Why somebody is looked for: a closed list, said with each search by name, kept in the read log and shown to her."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import yaml

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIST: Final = Path(__file__).parent / "data" / "purposes.yaml"
#: What a whole number that somebody reads out or shows stands for, where nothing else is said.
AT_THE_COUNTER: Final = "at-the-counter"
#: The most words kept with a look; and digits that may be somebody's number.
WORDS: Final = 80
_NUMBER: Final = re.compile(r"\d[\d -]{4,}")


class PurposeNeededError(YipanError):
    """A search by name needs to say what it is for."""

    code: ClassVar[str] = "purpose-needed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "按姓名或拼音查找，请先选择用途。",
        "en": "A search by name or its sound says what it is for.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "可选：{known_zh}。用途与这次查看一起留存，本人可以看到。",
        "en": "One of: {known}. It is kept with the look, and she can see it.",
    }


class PurposeInWordsError(YipanError):
    """The purpose says nothing by itself, or holds what the log may not."""

    code: ClassVar[str] = "purpose-in-words"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "选“其他”的，请用不超过{most}个字写明用途；不要写号码。",
        "en": "Other is said in words, at most {most} characters, and without anybody's number.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """One purpose: its name, what it is called, whether it is to be said in words."""

    ground: str
    title: Mapping[str, str]
    words: bool


#: Every purpose there is, by name.
PURPOSES: Final[Mapping[str, Purpose]] = {
    each["ground"]: Purpose(ground=each["ground"], title=each["title"], words=each.get("words", False))
    for each in yaml.safe_load(_LIST.read_text(encoding="utf-8"))
}


def purpose_said(ground: str, words: str, *, by_number: bool) -> tuple[str, str]:
    """Return the purpose of a search as it is kept. By a whole number it may be left out.

    Raises:
        PurposeNeededError: none of the list was said.
        PurposeInWordsError: the words are missing, too many, or hold a number.
    """
    if not ground and by_number:
        return AT_THE_COUNTER, ""
    if ground not in PURPOSES:
        titles = "、".join(each.title["zh"] for each in PURPOSES.values())
        raise PurposeNeededError(known=", ".join(PURPOSES), known_zh=titles)
    if not PURPOSES[ground].words:
        return ground, ""
    text = " ".join(words.split())
    if not text or len(text) > WORDS or _NUMBER.search(text):
        raise PurposeInWordsError(most=WORDS)
    return ground, text


def ground_title(ground: str, words: str) -> Mapping[str, str]:
    """Return what a look was for in both languages; empty where none was said."""
    if ground not in PURPOSES:
        return {"zh": "", "en": ""}
    return {"zh": words, "en": words} if words else PURPOSES[ground].title
