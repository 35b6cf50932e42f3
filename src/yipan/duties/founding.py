"""Founding and renaming organisations: the decision is an event in the chain of the office above, and its id never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.offices.authority import refuse_unless_above
from yipan.offices.founding import division_name, founding_of, office_name, refuse_taken
from yipan.offices.office import Organisation, organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from yipan.offices.permit import Permit


class DivisionNameNeededError(YipanError):
    """What the division has been called until now cannot be told from the name of its office."""

    code: ClassVar[str] = "division-name-needed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "从“{name}”看不出该区划原来的名称。",
        "en": "The name {name!r} does not tell what the division has been called.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请用 --was 写明。", "en": "Say it with --was."}


def found(
    code: str,
    name: str,
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    sort: str = "health",
    above: str = "",
) -> str:
    """Make an organisation known that no table has, and return its id. `above` is the office it lies under.

    Without `above` it is the nearest of its kind by its code.

    Raises:
        NotPermittedError: the post does not include reorganising.
        NotAboveError: it would not lie under the deciding office.
        CodeTakenError, OddCodeError: the code is another's, or none.
    """
    permit.require("reorganise", clock())
    founding = founding_of(code, sort, above)
    refuse_unless_above(permit.organisation, [founding.above], or_itself=True)
    fields = {
        "office": permit.organisation, "above": founding.above, "code": founding.code, "sort": sort,
        "level": founding.level, "name": name, "place": founding.place,
    }  # fmt: skip
    record([Draft(kind="office.founded", fields=fields)], permit=permit, clock=clock)
    return founding.id


def rename(reference: str, name: str, *, permit: Permit, clock: Callable[[], datetime]) -> str:
    """Give one organisation another name from today on, and return its id, which stays.

    Raises:
        NotPermittedError, NotAboveError: as `found()`.
    """
    permit.require("reorganise", clock())
    own = organisation(reference).id
    refuse_unless_above(permit.organisation, [own])
    fields = {"office": permit.organisation, "concerned": own, "name": name}
    record([Draft(kind="office.renamed", fields=fields)], permit=permit, clock=clock)
    return own


def rename_division(
    reference: str,
    name: str,
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    code: str = "",
    was: str = "",
) -> tuple[str, ...]:
    """Give a division another name, or another code too, and return the ids of its organisations, which stay.

    Every organisation of the division is called by the new name, and what lies below it lies in a place of that name.
    Under the new code each is known as well as under the one it was first known by. `was` is what the division has been
    called, where the name of its health office does not tell.

    Raises:
        NotPermittedError, NotAboveError: as `found()`.
        DivisionNameNeededError: `was` is needed.
        CodeTakenError: the new code belongs to another.
    """
    permit.require("reorganise", clock())
    office = organisation(reference)
    refuse_unless_above(permit.organisation, [office.id])
    former = was or division_name(office)
    if not former:
        raise DivisionNameNeededError(name=office.name)
    beside = Organisation.objects.filter(division=office.division).order_by("id")
    for each in beside if code else ():
        refuse_taken(code, each.kind)
    own = {"office": permit.organisation, "concerned": office.id}
    drafts = [Draft(kind="division.renamed", fields={**own, "was": former, "name": name, "code": code})]
    wanted = office_name(office.kind, office.level, name)
    if wanted and office.name.startswith(former) and office.name.replace(former, name, 1) != wanted:
        # A town that becomes a street office is called by another ending too.
        drafts.append(Draft(kind="office.renamed", fields={**own, "name": wanted}))
    record(drafts, permit=permit, clock=clock)
    return tuple(each.id for each in beside)
