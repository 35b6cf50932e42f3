"""What a register knows of a person, in the reader's words and as the boxes of a form about her."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.offices.divisions import place_name
from yipan.offices.office import Organisation, names_of
from yipan.web.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yipan.law.kind import Kind

#: What the entry does that enrols somebody, whose fields name her particulars; and the one that ends it.
ENROLLED, ENDED = "person-enrolled", "enrolment-ended"
#: Particulars that a form about her may ask for: `her_name`, `his_phone`, or plainly `phone`.
_ASKED: Final = ("name", "identity_number", "phone", "birth_on", "home_address", "residence_address")
#: How a form calls what is hers, beside her own name in it.
_OF: Final[Mapping[str, str]] = {"her": "her_", "him": "his_", "person": ""}


def kind_that(does: str, kinds: Mapping[str, Kind]) -> Kind:
    """Return, of the kinds that hold on a day, the one that has an effect or plays a part."""
    return next(each for each in kinds.values() if does in (each.effect, each.part))


def choice_word(kind: Kind, field: str, value: str) -> str:
    """Return the word of a choice; nothing for nothing."""
    return said(kind.fields[field].choices.get(value, value)) if value else ""


def shown_value(kind: Kind, field: str, value: str) -> str:
    """Return a value of an entry as people say it: a division by its name, a choice by its word."""
    one = kind.fields.get(field)
    if one is None or not value:
        return value
    return place_name(value) if one.type == "place" else choice_word(kind, field, value)


def filled_from(kind: Kind, subject: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the boxes of a form that need not be typed: her particulars, and the office of her registered home."""
    front = _OF.get(subject, f"{subject}_")
    found = {
        f"{front}{name}": known[name]
        for name in _ASKED
        if known.get(name)
        and f"{front}{name}" in kind.fields
        and kind.fields[f"{front}{name}"].subject == subject
    }
    home = known.get("home", "")
    if home and (box := f"{front}home") in kind.roles and box in kind.subjects[subject].shown_to:
        found |= _office(box, home, kind)
    elif home and f"{front}home" in kind.fields:
        found[f"{front}home"] = place_name(home)
    return found


def _office(role: str, home: str, kind: Kind) -> dict[str, str]:
    """Return the office of a division, where it stands at a level that the role allows; else she is asked."""
    levels = kind.roles[role].levels
    office = Organisation.objects.filter(division=home, kind="health").first()
    if office is None or (levels and office.level not in levels):
        return {}
    return {role: f"{office.id} {names_of([office.id])[office.id]}"}
