"""What stands in the form on which an office puts another entry in the place of its own: all that the first one says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.offices.divisions import place_name
from yipan.offices.office import names_of
from yipan.web.forms import AT, EVIDENCE, Setting
from yipan.web.words import SHANGHAI

if TYPE_CHECKING:
    from yipan.registry.rewriting import Written

#: What makes a moment count that a paper shows: `evidence:` and the digest of the paper.
_BY_PAPER: Final = "evidence:"


def setting_of(written: Written) -> Setting:
    """Return what the form is about: whoever the entry is about, but that what begins a case may be about another."""
    held = {role: listed[0] for role, listed in written.parties.items() if listed}
    if written.kind.begins_case:
        own = {role for name in written.kind.recorded_by for role in written.kind.in_group(name)}
        held = {role: each for role, each in held.items() if role in own}
    return Setting(parties=held, on_behalf_of=written.on_behalf_of)


def typed_of(written: Written) -> dict[str, str]:
    """Return the boxes as they were filled in, with the paper and the moment that it showed."""
    typed = {name: _typed(value) for name, value in written.said.items()}
    for name, one in written.kind.fields.items():
        if one.type == "place" and typed.get(name):
            typed[name] = place_name(typed[name])
    named = {role: listed[0] for role, listed in written.parties.items() if listed}
    names = names_of(set(named.values()))
    typed |= {role: f"{office} {names[office]}" for role, office in named.items()}
    if written.counts_by.startswith(_BY_PAPER):
        at = written.counts_at.astimezone(SHANGHAI)
        typed |= {
            EVIDENCE: written.counts_by.removeprefix(_BY_PAPER),
            AT: at.date().isoformat(),
            f"{AT}_time": at.time().isoformat("auto"),
        }
    return typed


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
