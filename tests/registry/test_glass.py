"""Breaking the glass: some hours, one case or person, read only, seen by her and by whoever audits; walls in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tests.duties.cast import permit
from tests.registry.test_register import number
from yipan.duties.faults import UnknownThreadError
from yipan.offices.permit import NotPermittedError, Permit, set_acting
from yipan.registry.access import read_case
from yipan.registry.glass import (
    GlassOverError,
    NoNeedError,
    NothingToOpenError,
    ReasonTooShortError,
    break_glass,
    own_glasses,
    read_under,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tests.registry.conftest import Desk

#: A county far away that is no party to anything here, and the city above it.
STRANGE, ABOVE = "330106", "3301"
REASON = "本人晕倒在我处窗口，需要核对身份和联系人"


def strange(now: datetime, *roles: str, officer: str = "dong.xue") -> Permit:
    """Return a permit of an officer of the strange county."""
    return replace(permit(STRANGE, now, *(roles or ("county-officer",))), officer=officer)


def open_for(desk: Desk, thread: UUID | None = None, its: str = "") -> UUID:
    """Break the glass for the strange county, and return it."""
    return break_glass(
        strange(desk.now), thread=thread, number=its, because="cannot-speak", reason=REASON, now=desk.now
    )


def shown(desk: Desk, glass: UUID, after: timedelta = timedelta(minutes=1)) -> str:
    """Return all that a broken glass shows, as one text."""
    _, cases = read_under(strange(desk.now + after), glass, desk.now + after)
    return str([entry.facts for case in cases for entry in case.story])


def as_app(values: dict[str, str], query: str, *asked: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # whatever a column holds
    """Return what the working role finds with the settings given, whatever a permit would say."""
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(STRANGE, "dong.xue", [])
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        cursor.execute(query, asked)
        return list(cursor.fetchall())


def test_it_opens_one_case_for_three_hours_and_no_other(desk: Desk) -> None:
    her = desk.enrol("钟玉梅", number(), phone="13907970001")
    other = desk.enrol("赖春花", number())
    with pytest.raises(UnknownThreadError):
        read_case(strange(desk.now), her, desk.now)
    glass = open_for(desk, her)
    text = shown(desk, glass)
    assert "钟玉梅" in text
    assert "13907970001" in text
    assert "赖春花" not in text
    for thread in (her, other):
        with pytest.raises(UnknownThreadError):
            read_case(strange(desk.now), thread, desk.now + timedelta(minutes=2))
    assert "钟玉梅" in shown(desk, glass, timedelta(hours=2, minutes=59))
    with pytest.raises(GlassOverError):
        shown(desk, glass, timedelta(hours=3))
    later = desk.now + timedelta(hours=3)
    assert own_glasses(strange(later), later) == []


def test_the_database_itself_lets_nothing_through_after_the_end_to_another_officer_or_without_the_glass(
    desk: Desk,
) -> None:
    her = desk.enrol("温金莲", number())
    glass = open_for(desk, her)
    query = "SELECT count(*) FROM duties_payload p JOIN duties_event e ON e.id = p.event_id WHERE e.thread_id = %s"
    soon, late = (desk.now + timedelta(hours=each) for each in (1, 4))
    said = {"yipan.glass": str(glass), "yipan.glass_at": soon.isoformat()}
    assert as_app(said, query, her) == [(1,)]
    assert as_app(said | {"yipan.glass_at": late.isoformat()}, query, her) == [(0,)]
    assert as_app(said | {"yipan.officer": "somebody.else"}, query, her) == [(0,)]
    assert as_app(said | {"yipan.organisation": "330105"}, query, her) == [(0,)]
    assert as_app(said | {"yipan.glass": str(uuid4())}, query, her) == [(0,)]
    assert as_app({}, query, her) == [(0,)]
    with pytest.raises(Exception, match="permission denied"):
        as_app({}, "INSERT INTO registry_glass SELECT * FROM registry_glass RETURNING 1")
    with pytest.raises(Exception, match="permission denied"):
        as_app({}, "UPDATE registry_glass SET until_at = 'infinity' RETURNING 1")
    with pytest.raises(Exception, match="query returned no rows"):
        as_app({}, "SELECT yipan_break_glass(%s, %s::uuid, '')", uuid4(), her)


def test_by_her_number_it_opens_what_she_is_enrolled_under_and_tells_nobody_there_is_none_unseen(
    desk: Desk,
) -> None:
    its = number()
    desk.enrol("曾招娣", its)
    assert "曾招娣" in shown(desk, open_for(desk, its=its))
    nobody = open_for(desk, its=number())
    broken, cases = read_under(strange(desk.now), nobody, desk.now)
    assert (broken.cases, cases) == (0, ())
    # The lookup is not left open for whoever comes next in the transaction, nor to the working role at all.
    assert as_app({"yipan.glass_numbers": "00"}, "SELECT count(*) FROM registry_person") == [(0,)]


def test_the_words_of_others_in_a_case_found_by_number_stay_sealed(desk: Desk) -> None:
    its = number()
    her = desk.enrol("邱月英", its)
    glass = open_for(desk, its=its)
    said = {"yipan.glass": str(glass), "yipan.glass_at": desk.now.isoformat()}
    names = as_app(
        said, "SELECT DISTINCT p.name FROM duties_payload p JOIN duties_event e ON e.id = p.event_id WHERE e.thread_id = %s", her
    )  # fmt: skip
    assert names == [("person",)]


def test_each_look_under_it_is_logged_as_one_and_nothing_can_be_written(desk: Desk) -> None:
    her = desk.enrol("廖秋香", number())
    glass = open_for(desk, her)
    shown(desk, glass)
    shown(desk, glass)
    with strange(desk.now).in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT purpose, officer FROM registry_read WHERE organisation = %s AND threads @> ARRAY[%s]::uuid[]",
            [STRANGE, her],
        )
        assert cursor.fetchall() == [("broken glass", "dong.xue")] * 2
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.duties.record import record  # noqa: PLC0415  # the same

    with pytest.raises(UnknownThreadError):
        record(
            [Draft(kind="person.updated", thread=her, fields={"phone": "13000000000"})],
            permit=strange(desk.now),
            clock=lambda: desk.now,
        )


def test_it_takes_a_post_that_includes_it_a_reason_and_one_thing_to_open(desk: Desk) -> None:
    her = desk.enrol("叶冬梅", number())

    def tried(**said: Any) -> None:  # noqa: ANN401  # the boxes of the form
        asked: dict[str, Any] = {"thread": her, "because": "danger", "reason": REASON, "now": desk.now} | said
        break_glass(asked.pop("by", strange(desk.now)), **asked)

    for roles in (
        ("supervisor",),
        ("data-officer",),
        ("auditor",),
        ("system-administrator",),
        ("village-worker",),
    ):
        with pytest.raises(NotPermittedError):
            tried(by=strange(desk.now, *roles))
    with pytest.raises(ReasonTooShortError):
        tried(reason="急          用")
    with pytest.raises(NothingToOpenError):
        tried(thread=None)
    with pytest.raises(NothingToOpenError):
        tried(number=number())
    with pytest.raises(NothingToOpenError):
        tried(thread=None, number="12345")
    with pytest.raises(NoNeedError):
        tried(by=desk.permit())


def test_she_is_told_who_broke_it_and_a_stranger_is_not(desk: Desk) -> None:
    from yipan.registry.glass import glasses_over_her  # noqa: PLC0415  # after Django is set up
    from yipan.registry.own import PersonPermit  # noqa: PLC0415  # the same

    her, other = desk.enrol("古丽萍", number()), desk.enrol("巫兰芳", number())
    glass = open_for(desk, her)
    until = desk.now + timedelta(days=1)
    found = {}
    for thread in (her, other):
        with desk.permit().in_force(), connection.cursor() as cursor:
            cursor.execute("SELECT subject FROM registry_person WHERE thread = %s", [thread])
            [subject] = cursor.fetchone()
        with PersonPermit(account="x", subjects=frozenset({subject}), until_at=until).in_force():
            found[thread] = glasses_over_her()
    [told] = found[her]
    assert (told.event, told.organisation, told.because) == (glass, STRANGE, "cannot-speak")
    assert found[other] == []
