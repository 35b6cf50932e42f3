"""Events shuffled, late and corrected, through `record()`: whatever the order of arrival, the duties are the same."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import EVIDENCE, Cast, at, new_cast, permit
from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.duties.replay import replay
from yipan.duties.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

#: When everything has been recorded; each entry counts at its own earlier moment, by evidence.
RECORDED = at("2026-06-01T09:00")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened in a case: who recorded it, and what it corrects by its place in the list."""

    by: str
    kind: str
    when: str
    corrects: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def _history(moments: random.Random) -> list[Step]:
    """Return a random but possible history of one case, in the order in which it happened."""
    days = iter(sorted(moments.sample(range(1, 60), 12)))

    def when() -> str:
        return (
            at("2026-03-02T10:00") + timedelta(days=next(days), minutes=moments.randrange(300))
        ).isoformat()[:19]

    steps = [
        Step(by="residence", kind="birth-registration.entered", when=when(), fields={"his_home": "his_home"})
    ]
    for home in ("her_home", "his_home"):
        asked = Step(
            by="residence", kind="verification.asked", when=when(), fields={home: home, "channel": "letter"}
        )
        arrived = Step(
            by="residence", kind="verification.arrived", when=when(), fields={home: home, "channel": "letter"}
        )
        steps += [asked, arrived]
        if moments.random() < 0.8:  # most offices answer
            steps.append(
                Step(
                    by=home,
                    kind="verification.answered",
                    when=when(),
                    fields={home: home, "result": "confirmed"},
                )
            )
        if moments.random() < 0.3:  # some arrivals were noted wrongly
            place = steps.index(arrived) + 1
            steps.append(
                Step(
                    by="residence",
                    kind="verification.arrived",
                    when=when(),
                    corrects=place,
                    fields=arrived.fields,
                )
            )
    if moments.random() < 0.4:  # some withdraw what they agreed to
        steps.append(
            Step(by="residence", kind="consent.withdrawn", when=when(), fields={"his_agrees_verify": False})
        )
    if moments.random() < 0.3:  # some entries are withdrawn
        steps.append(
            Step(by="residence", kind="event.retracted", when=when(), corrects=moments.randrange(2, 3))
        )
    return steps


def _orders(number: int, moments: random.Random) -> Iterator[list[int]]:
    """Yield the order in which things happened, the opposite one, and some shuffled ones."""
    yield list(range(number))
    yield list(reversed(range(number)))
    for _ in range(2):
        yield moments.sample(range(number), number)


def _play(cast: Cast, steps: Sequence[Step], order: Sequence[int]) -> set[tuple[object, ...]]:
    """Record a history in an order of arrival, sweep, and return what is owed without the ids of this case."""
    ids = [
        new_id(at("2026-01-01T00:00") + timedelta(milliseconds=number)) for number in range(len(steps) + 1)
    ]
    cast.ask("2026-03-02T10:00")
    for number in _corrections_after_their_targets(steps, order):
        step = steps[number]
        office = {"residence": cast.residence, "her_home": cast.her_home, "his_home": cast.his_home}[step.by]
        homes = {"her_home": cast.her_home, "his_home": cast.his_home}
        fields = {name: homes.get(str(value), value) for name, value in step.fields.items()}
        if step.kind == "verification.answered":
            fields["asker"] = cast.residence
        _record(cast, office, ids, number, replace(step, fields=fields))
    sweep(RECORDED)
    names = {
        cast.residence: "residence",
        cast.her_home: "her home",
        cast.his_home: "his home",
        cast.his_county: "his county",
    }
    return {
        (
            rule,
            role,
            names.get(duty.owed_by, "another"),
            duty.due_on,
            duty.state,
            duty.closed_at,
            duty.in_time,
            duty.lapsed_at,
        )
        for (rule, role), duty in cast.duties().items()
        if duty.state != "void"
    }


def _record(cast: Cast, office: str, ids: Sequence[UUID], number: int, step: Step) -> None:
    draft = Draft(
        kind=step.kind,
        id=ids[number + 1],
        thread=cast.thread,
        at=at(step.when),
        evidence=EVIDENCE,
        corrects=None if step.corrects is None else ids[step.corrects],
        fields=step.fields,
    )
    if office != cast.residence:
        draft = replace(draft, on_behalf_of=office)
    record([draft], permit=permit(cast.residence, RECORDED), clock=lambda: RECORDED)


def _corrections_after_their_targets(steps: Sequence[Step], order: Sequence[int]) -> list[int]:
    """Put each correction after its entry: a desk can only correct what it can see."""
    found: list[int] = []
    waiting = list(order)
    while waiting:
        for number in waiting:
            target = steps[number].corrects
            if target is None or target - 1 in found:
                found.append(number)
                waiting.remove(number)
                break
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_duties_are_the_same_in_whatever_order_the_entries_arrive(cast: Cast, seed: int) -> None:
    _check_orders(seed)
    assert cast.thread is None


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6, 60))
def test_the_duties_are_the_same_in_every_order_of_many_more_histories(cast: Cast, seed: int) -> None:
    _check_orders(seed)
    assert cast.thread is None


def _check_orders(seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311  # the same histories on every run
    steps = _history(moments)
    outcomes = []
    for order in _orders(len(steps), moments):
        played = new_cast()
        outcomes.append(_play(played, steps, order))
        assert replay([played.thread] if played.thread else []).differences == []
    assert all(outcome == outcomes[0] for outcome in outcomes)
