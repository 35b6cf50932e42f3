"""How a Chinese name is read for comparing: variants folded, dots dropped, pinyin with surnames read rightly."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA: Final = Path(__file__).parent / "data"
#: Names of so many characters are read character by character: surname and given name.
SHORT_NAME: Final = range(2, 5)
#: The block in which nearly all names are written; the rest is compared whole.
FIRST_HAN, LAST_HAN = 0x4E00, 0x9FFF
#: Written, left out or replaced at will between the parts of a name.
_BETWEEN: Final = frozenset("·•・‧∙⋅●.。．-‐–—'’`")
_COMPOUND: Final = 2
_LONGEST_INITIAL: Final = 2
_NO_VOWEL: Final = frozenset({"n", "ng"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A name as it is compared: each form forgives more than the one before."""

    #: Without spaces, dots and width.
    plain: str
    #: Variant characters made one.
    folded: str
    #: Pinyin without tones, a syllable each; a character that has no reading stands for itself.
    sound: tuple[str, ...]
    #: The same with sounds that are taken for one another made one.
    near_sound: tuple[str, ...]

    @property
    def short(self) -> bool:
        """Whether it is a name of two to four Chinese characters."""
        return len(self.folded) in SHORT_NAME and all(map(is_han, self.folded))


@dataclass(frozen=True, kw_only=True, slots=True)
class Surnames:
    """How surnames are read, and which sounds are taken for one another."""

    single: Mapping[str, str]
    compound: Mapping[str, tuple[str, ...]]
    initials: Mapping[str, str]
    finals: Mapping[str, str]


def read_name(text: str) -> Name:
    """Return the forms in which a name is compared."""
    plain = _plain(text)
    folded = plain.translate(variants())
    sound = _sound(folded)
    return Name(plain=plain, folded=folded, sound=sound, near_sound=tuple(map(nearly, sound)))


def folded_name(text: str) -> str:
    """Return the one spelling in which variants of a name are the same."""
    return _plain(text).translate(variants())


def _plain(text: str) -> str:
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text).casefold()
        if character not in _BETWEEN and character.isprintable() and character != " "
    )


def is_han(character: str) -> bool:
    """Return whether a character is of the block nearly all names are written in."""
    return FIRST_HAN <= ord(character) <= LAST_HAN


@lru_cache(maxsize=1)
def variants() -> Mapping[int, str]:
    """Return what each variant character (its code point) is read as."""
    groups = _load("variants.yaml")["groups"].split()
    return {ord(variant): group[0] for group in groups for variant in group[1:]}


@lru_cache(maxsize=1)
def surnames() -> Surnames:
    """Return the readings of surnames and the sounds taken for one another."""
    data = _load("surnames.yaml")
    return Surnames(
        single=data["single"],
        compound={surname: tuple(reading.split()) for surname, reading in data["compound"].items()},
        initials=data["confused"]["initials"],
        finals=data["confused"]["finals"],
    )


@lru_cache(maxsize=1 << 15)
def reading(character: str) -> str:
    """Return the common reading of a character without its tone, or the character when it has none."""
    # A quarter of a second to import, and most commands read no name.
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415
    from pypinyin.contrib.tone_convert import to_normal  # noqa: PLC0415

    readings = PINYIN_DICT.get(ord(character))
    return to_normal(readings.split(",")[0]) if readings else character


@lru_cache(maxsize=1 << 12)
def nearly(syllable: str) -> str:
    """Return a syllable with the sounds that are taken for one another made one."""
    known = surnames()
    for length in range(_LONGEST_INITIAL, 0, -1):
        initial = syllable[:length]
        # Such as `n` and `ng`: a syllable of its own, with no initial before a vowel.
        if initial in known.initials and syllable not in _NO_VOWEL:
            syllable = known.initials[initial] + syllable[length:]
            break
    for final, other in known.finals.items():
        if syllable.endswith(final):
            return syllable[: -len(final)] + other
    return syllable


def _sound(folded: str) -> tuple[str, ...]:
    read = tuple(map(reading, folded))
    # A name of more than four is a transliteration: its first character is no surname.
    if len(folded) not in SHORT_NAME:
        return read
    compound = surnames().compound.get(folded[:_COMPOUND])
    if compound:
        return compound + read[_COMPOUND:]
    return (surnames().single.get(folded[0], read[0]), *read[1:])


def _load(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DATA / file).read_text(encoding="utf-8"))
    return loaded
