"""Returns that come on paper: whose they are, to whom they are owed, and which office may enter them for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import Organisation, lines_of
from yipan.offices.officer import Posting
from yipan.statistics.measures import figures
from yipan.statistics.returnform import KIND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from yipan.offices.permit import Permit


class NotForItError(YipanError):
    """An office enters no return for that department."""

    code: ClassVar[str] = "not-for-it"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}的月报不由{entered_by}代录。",
        "en": "{entered_by} enters no return for {office}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "月报由收它的卫生健康部门代录，而且只代没有人在用本系统的部门；部门有账号的由它自己报。",
        "en": "The health office that receives a return enters it, for a department where nobody uses the system; one with accounts sends it itself.",
    }


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A return that came on paper: whose it is, when it arrived, and the digest of what shows that (kept as evidence)."""

    office: str
    arrived_at: datetime
    evidence: str


def receiver_of(office: str) -> str:
    """Return to whom a department's return is owed: the health office of its division; that one's own, to the government."""
    line = lines_of([office])[office]
    health = line.get("health", "")
    return line.get("government", "") if health == office else health


def refuse_for(permit: Permit, office: str, now: datetime) -> None:
    """Refuse to enter a return for another organisation, but for a department on paper that owes it to the permit's.

    Raises:
        NotForItError: it owes its return to another, or somebody there uses the system.
    """
    own = permit.organisation
    if office != own and (receiver_of(office) != own or office not in on_paper([office], now)):
        raise NotForItError(office=office, entered_by=own)


def on_paper(offices: Sequence[str], now: datetime) -> set[str]:
    """Return those of some organisations where nobody holds a post: what they send comes on paper."""
    today = now.astimezone(SHANGHAI).date()
    held = Posting.objects.filter(organisation__in=offices, from_on__lte=today)
    staffed = held.exclude(until_on__lte=today).values_list("organisation_id", flat=True)
    return set(offices) - set(staffed)


def papers_for(permit: Permit, now: datetime) -> list[Organisation]:
    """Return the departments whose paper the permit's organisation may enter: those that owe it a return and have no officer."""
    kinds = {
        body
        for one in figures("report")
        if KIND in one.kinds and one.figure and "township" in one.figure.cut_by
        for body in one.figure.bodies
    }
    rows = Organisation.objects.filter(division=permit.organisation, kind__in=kinds).exclude(
        id=permit.organisation
    )
    named = {each.id: each for each in rows.order_by("id")}
    return [
        named[each] for each in sorted(on_paper(list(named), now)) if receiver_of(each) == permit.organisation
    ]
