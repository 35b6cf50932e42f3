"""What the tests of succession share: offices beside and above one another, and one taking the place of another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.duties.cast import Cast, at, permit, townships
from yipan.duties.reorganising import Succeeded, cases_left, succeed
from yipan.offices.office import Line

if TYPE_CHECKING:
    from uuid import UUID

    from yipan.law.fold import Duty

REPLY, SILENCE, VERIFY = "birth-reg-reply-15wd", "county-sees-silence", "birth-reg-verify-7wd"
_fresh = itertools.count()


def above(*offices: str) -> str:
    """Return the lowest office that stands above all of some offices."""
    lines = Line.objects.filter(organisation_id__in=offices, depth__gt=0).values_list("superior_id", "depth")
    counted: dict[str, list[int]] = {}
    for superior, depth in lines:
        counted.setdefault(superior, []).append(depth)
    return min((sum(depths), own) for own, depths in counted.items() if len(depths) == len(offices))[1]


def another() -> str:
    """Return a township in Jiangxi, where no case of the other tests comes, and which no other test has used."""
    return townships("3601", "3607", next(_fresh))


def take_over(cast: Cast, old: str, new: str, when: str, *roles: str, **said: Any) -> Succeeded:  # noqa: ANN401  # as the verb
    """Let one office take the place of another, by the decision of the office above both."""
    moment = at(when)
    deciding = permit(said.pop("deciding", "") or above(old, new), moment, *(roles or ("supervisor",)))
    cast.touched.update(threads_of(old))
    return succeed(old, new, because="merged", permit=deciding, clock=lambda: moment, **said)


def threads_of(office: str) -> list[UUID]:
    """Return the cases in which an office has a part."""
    return cases_left(permit(office, at("2030-01-01T00:00")))


def asked_of_her_home(cast: Cast, when: str = "2026-03-03T09:00") -> Duty:
    """Ask her home by a system message, and return the duty to answer."""
    cast.open_offices()
    cast.ask()
    cast.step(cast.residence, "verification.asked", when, her_home=cast.her_home, channel="system")
    return cast.duties()[REPLY, "her_home"]
