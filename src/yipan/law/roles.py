"""Role expressions: how a rule names an organisation (`her_home.county`) without naming any office.

The list is closed. An expression is a base, then at most two steps; every one yields an organisation,
so that a duty owed by a person cannot be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yipan.law.event import Event

#: Levels from the lowest to the highest; a lift climbs to the first that exists at or above the one named.
LEVELS: Final = ("village", "township", "county", "city", "province", "nation")
#: Counterparts of an organisation in its own division that a rule may step to.
COUNTERPARTS: Final = ("health", "government")
#: Bases that are not party roles: the party of `for_each`, who acted, the office of a calendar period, and
#: the two sides of a lapsed duty.
FIXED_BASES: Final = ("party", "actor", "office", "debtor", "creditor")
#: Who may be owed without being an organisation. They may never owe.
OWED_ONLY: Final = ("person", "public")


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleExpression:
    """A parsed expression: a base role, then steps (a level, `supervisor`, or a counterpart)."""

    text: str
    base: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the expression as written."""
        return self.text


def parse_role(text: str) -> RoleExpression | str:
    """Return the expression, or a sentence that says what is wrong with it."""
    base, *steps = text.split(".")
    if base in OWED_ONLY:
        return RoleExpression(text=text, base=base) if not steps else f"{base!r} has no office above it"
    known = (*LEVELS, *COUNTERPARTS, "supervisor")
    wrong = [step for step in steps if step not in known]
    if wrong:
        return f"{wrong[0]!r} is no step; known steps: {', '.join(known)}"
    if not base.replace("_", "").isalnum():
        return f"{base!r} is no role"
    return RoleExpression(text=text, base=base, steps=tuple(steps))


def resolve(role: RoleExpression, event: Event, party: str | None = None) -> str | None:
    """Return the organisation that the expression means in this event, or None when it means none.

    `party` is the organisation of the `for_each` party, where the rule has one.
    """
    if role.base in OWED_ONLY:
        return role.base
    if role.base == "party":
        found = party
    elif role.base == "actor":
        found = event.actor
    else:
        held = event.organisations(role.base)
        found = held[0] if held else None
    for step in role.steps:
        if found is None:
            return None
        found = step_up(event, found, step)
    return found


def step_up(event: Event, organisation: str, step: str) -> str | None:
    """Climb from an organisation by one step, along the line that the event carries.

    A level that does not exist there is skipped upwards (Dongguan has no county: the city stands in;
    Chongqing has no city: the municipality does). An organisation already above the level stays itself.
    """
    line = event.lines.get(organisation, {})
    if step in COUNTERPARTS:
        return line.get(step)
    own = next((level for level in LEVELS if line.get(level) == organisation), None)
    start = LEVELS.index(own) if own else 0
    wanted = start + 1 if step == "supervisor" else LEVELS.index(step)
    if wanted <= start and step != "supervisor":
        return organisation
    return next((line[level] for level in LEVELS[wanted:] if level in line), None)


def level_of(event: Event, organisation: str) -> str | None:
    """Return the level at which an organisation stands, as the event's line says."""
    line = event.lines.get(organisation, {})
    return next((level for level in LEVELS if line.get(level) == organisation), None)
