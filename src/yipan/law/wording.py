"""What a person agrees to, in plain words, by the day from which each wording holds.

Every wording says that no service depends on it: a text that does not is refused, and so is a rule that would make one depend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from yipan.law.reading import Faults, Raw, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yipan.law.kind import Kind
    from yipan.law.rule import Rule

WORDING_KEYS: Final = ("wording", "title", "versions")
#: The sentence that stands in every wording.
NEVER: Final = {
    "zh": "不同意，或者以后撤回，都不影响您享受任何服务。",
    "en": "If you say no, or change your mind later, no service is any different for you.",
}
#: Under this name an entry says which wordings were agreed to.
SAID: Final = "wording"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The words of one purpose, by the day from which each version holds."""

    purpose: str
    title: Mapping[str, str]
    versions: Mapping[date, Mapping[str, str]]

    def at(self, day: date) -> tuple[date, Mapping[str, str]] | None:
        """Return the version in use on a day, with its own day; None before the first."""
        known = [each for each in self.versions if each <= day]
        return (max(known), self.versions[max(known)]) if known else None


def read_wording(raw: Raw, *, file: str, faults: Faults) -> Wording:
    """Read one purpose's wordings; faults go to the collector."""
    reader = Reader(file=file, at="", raw=raw, faults=faults)
    reader.only(*WORDING_KEYS)
    reader.needs(*WORDING_KEYS)
    inner, versions = reader.inner("versions"), {}
    for key in list[object](inner.raw):
        if type(key) is not date:
            inner.fault(str(key), "a version is named by the day it came into use, as 2021-11-01")
            continue
        said = inner.inner_of(key)
        said.only("zh", "en")
        said.needs("zh", "en")
        versions[key] = {language: said.text(language) for language in ("zh", "en")}
        for language, sentence in NEVER.items():
            if sentence not in versions[key][language]:
                said.fault(language, f"has to say: {sentence}")
    if not inner.raw:
        inner.fault("", "has no version")
    return Wording(purpose=reader.text("wording"), title=reader.both("title"), versions=versions)


def purposes_of(kind: Kind) -> dict[str, str]:
    """Return the purposes that a kind asks agreement to, with the yes-no field of each (none: the entry itself)."""
    asked = {each.consent: each.name for each in kind.fields.values() if each.consent}
    return {**asked, kind.agrees_to: ""} if kind.agrees_to else asked


def check_wordings(
    kinds: Iterable[Kind], rules: Iterable[tuple[str, Rule]], worded: Iterable[str], faults: Faults
) -> None:
    """Note every agreement that nobody has put into words, and every service that would hang on one."""
    known = set(worded)
    for kind in kinds:
        for purpose in purposes_of(kind):
            if purpose not in known:
                faults.say(
                    f"{kind.pack}/events", kind.name, f"no wording says what agreeing to {purpose!r} means"
                )
    for file, rule in rules:
        if rule.needs_consent and rule.owed_to.base == "person":
            faults.say(
                file,
                "needs_consent",
                "refused: what is owed to a person never depends on her agreeing to something (what-it-refuses)",
            )
