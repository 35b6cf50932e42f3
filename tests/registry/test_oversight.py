"""Whoever audits sees looks, flags and broken glasses of the offices below, and nobody who was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection

from tests.duties.cast import permit
from tests.registry.test_glass import REASON, STRANGE, strange
from tests.registry.test_register import number
from yipan.duties.draft import Draft
from yipan.duties.faults import UnknownThreadError
from yipan.duties.queries import owed_today
from yipan.duties.record import record
from yipan.offices.office import Organisation
from yipan.offices.permit import NotPermittedError, Permit
from yipan.registry import oversight
from yipan.registry.glass import break_glass
from yipan.registry.people import find
from yipan.registry.purpose import PurposeInWordsError, PurposeNeededError

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk


def auditor(desk: Desk, office: str = "") -> Permit:
    """Return the permit of the auditor of the county above the desk, or of another office."""
    above = office or str(Organisation.objects.get(id=desk.office).supervisor_id)
    return replace(permit(above, desk.now, "auditor"), officer="shen.ji")


def look(desk: Desk, name: str) -> None:
    """Look for people by name, at the moment."""
    find(desk.permit(), name, desk.now, ground="register")


def enrol_many(desk: Desk, surname: str, many: int) -> None:
    """Enrol people of one name, and let a day pass."""
    for _ in range(many):
        desk.enrol(f"{surname}小妹", number())
    desk.now += timedelta(days=1)


def own_flags(desk: Desk) -> list[oversight.FlagSeen]:
    """Return what the auditor of the county sees of this desk's looks at strangers."""
    return [each for each in oversight.flags(auditor(desk), desk.now) if each.organisation == desk.office]


def test_a_search_by_name_says_what_it_is_for_and_the_log_keeps_it(desk: Desk) -> None:
    its = number()
    her = desk.enrol("欧阳秋月", its)
    for typed in ("欧阳秋月", "欧阳", "ouyangqiuyue", "oyqy"):
        with pytest.raises(PurposeNeededError):
            find(desk.permit(), typed, desk.now)
    for words in ("", "她的号码是 360731199005120123", "字" * 81):
        with pytest.raises(PurposeInWordsError):
            find(desk.permit(), "欧阳秋月", desk.now, ground="other", words=words)
    assert [each.thread for each in find(desk.permit(), its, desk.now).people] == [her]
    find(desk.permit(), "欧阳", desk.now, ground="other", words=" 村里问  生日 ")
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT ground, words FROM registry_read WHERE threads = ARRAY[%s]::uuid[] AND purpose = %s ORDER BY id",
            [her, "find a person"],
        )
        assert cursor.fetchall() == [("at-the-counter", ""), ("other", "村里问 生日")]


def test_a_look_at_many_strangers_is_flagged_and_one_at_people_of_today_is_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STRANGERS", 5)
    enrol_many(desk, "钟", 6)
    look(desk, "钟")
    [flag] = own_flags(desk)
    assert (flag.organisation, flag.officer, flag.shown, flag.strangers) == (desk.office, "he.jing", 6, 6)
    # Who was written about today is no stranger.
    for _ in range(5):
        desk.enrol("封小妹", number())
    look(desk, "封")
    enrol_many(desk, "丘", 4)
    look(desk, "丘")
    assert own_flags(desk) == [flag]
    assert oversight.flags(auditor(desk, STRANGE), desk.now) == []


def test_fifty_is_what_a_deployment_starts_with() -> None:
    assert settings.STRANGERS == 50
    assert settings.GLASS_HOURS == 3


def test_the_auditor_asks_the_head_explains_in_time_and_the_auditor_closes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STRANGERS", 2)
    enrol_many(desk, "宁", 2)
    look(desk, "宁")
    [flag] = own_flags(desk)
    thread = oversight.ask(auditor(desk), "flag", str(flag.read), "为什么一次看这么多人？", desk.now)
    owed = owed_today(desk.permit(), desk.now)
    [duty] = [each.duty for each in (*owed.due_soon, *owed.later) if each.duty.thread == thread]
    assert (duty.rule, duty.owed_by) == ("oversight-explain", desk.office)
    draft = Draft(kind="oversight.explained", thread=thread, fields={"explanation": "核对重名登记"})
    clerk = permit(desk.office, desk.now, "clerk")
    with pytest.raises(NotPermittedError):
        record([draft], permit=clerk, clock=lambda: desk.now)
    desk.now += timedelta(minutes=10)
    record([draft], permit=desk.permit(), clock=lambda: desk.now)
    [question] = [each for each in oversight.questions(auditor(desk), desk.now) if each.thread == thread]
    assert question.explained_at == desk.now
    assert [each.words for each in oversight.answers(auditor(desk), thread, desk.now)] == [
        "为什么一次看这么多人？", "核对重名登记",
    ]  # fmt: skip
    oversight.close(auditor(desk), thread, "in-order", "", desk.now)
    [question] = [each for each in oversight.questions(auditor(desk), desk.now) if each.thread == thread]
    assert (question.finding, question.state) == ("in-order", "discharged")
    with pytest.raises(oversight.AlreadyClosedError):
        oversight.close(auditor(desk), thread, "in-order", "", desk.now)
    desk.threads.add(thread)


def test_nobody_audits_without_the_post_or_beside_the_line(desk: Desk) -> None:
    desk.enrol("温婉", number())
    look(desk, "温婉")
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM registry_read WHERE organisation = %s", [desk.office])
        [read] = cursor.fetchone()
    for roles in (("head",), ("supervisor",), ("data-officer",), ("system-administrator",)):
        for asked in (oversight.flags, oversight.glasses, oversight.questions):
            with pytest.raises(NotPermittedError):
                asked(permit("3607", desk.now, *roles), desk.now)
    for about, entry in (("read", str(read)), ("flag", "1"), ("glass", "x"), ("else", "1")):
        with pytest.raises(oversight.UnknownEntryError):
            oversight.ask(auditor(desk, STRANGE), about, entry, "为什么？", desk.now)
    thread = oversight.ask(auditor(desk), "read", str(read), "为什么？", desk.now)
    desk.threads.add(thread)
    assert oversight.answers(auditor(desk, STRANGE), thread, desk.now) == []
    with pytest.raises(UnknownThreadError):
        oversight.close(auditor(desk, STRANGE), thread, "in-order", "", desk.now)


def test_the_auditor_reads_counts_and_purposes_and_the_reason_of_a_broken_glass_but_no_person(
    desk: Desk,
) -> None:
    her = desk.enrol("游春兰", number())
    look(desk, "游春兰")
    broken = break_glass(strange(desk.now), thread=her, because="danger", reason=REASON, now=desk.now)
    day = desk.now.date()
    [mine] = [
        each
        for each in oversight.officers_looks(auditor(desk), desk.now, day)
        if each.organisation == desk.office
    ]
    assert (mine.looks, mine.shown) == (1, 1)
    [one] = oversight.looks_of(auditor(desk), desk.now, desk.office, day)
    assert (one.purpose, one.ground["zh"], one.shown) == ("find a person", "核对登记是否正确或重复", 1)
    [glass] = [each for each in oversight.glasses(auditor(desk, "3301"), desk.now) if each.event == broken]
    assert (glass.organisation, glass.because, glass.reason, glass.cases) == (STRANGE, "danger", REASON, 1)
    assert oversight.glasses(auditor(desk), desk.now) == []
    refused(auditor(desk), her, desk)


def refused(her_permit: Permit, thread: UUID, desk: Desk) -> None:
    """Assert that an auditor opens no case."""
    from yipan.registry.access import names_in, read_case  # noqa: PLC0415  # after Django is set up
    from yipan.registry.people import read_person  # noqa: PLC0415  # the same

    for read in (read_case, read_person):
        with pytest.raises(NotPermittedError):
            read(her_permit, thread, desk.now)
    with pytest.raises(NotPermittedError):
        names_in(her_permit, [thread], desk.now)
