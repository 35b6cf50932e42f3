"""Every kind there is goes to the one verb of the desk: it is recorded with the tables it keeps, or refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.documents.test_certificates import WHEN, ask, certificate
from tests.duties.cast import Cast, at, permit
from tests.proof.smallworld import World
from yipan.documents.verbs import record_draft, record_together
from yipan.duties.draft import Draft
from yipan.duties.faults import AnotherVerbError
from yipan.duties.lawbook import lawbook
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from yipan.law.kind import Kind

NUMBER = "360721199203150029"


def _kinds(now: datetime) -> Mapping[str, Kind]:
    return lawbook().kinds(now.date())


def _filled(world: World, kind: Kind, office: str) -> dict[str, object]:
    """Return what a kind asks for; the office plays every part that it may."""
    fields: dict[str, object] = {
        name: world.value_for(one, sealed=False) for name, one in kind.fields.items()
    }
    return fields | {name: office for name, role in kind.roles.items() if role.required}


def _try(cast: Cast, draft: Draft, now: datetime, *, together: bool) -> str:
    """Hand a draft to the desk's verb, and return what came of it; anything but a refusal in words goes through."""
    who = permit(cast.her_home, now)
    try:
        receipt = (
            record_together(who, [draft], {}, now) if together else record_draft(who, draft, None, None, now)
        )
    except YipanError as refusal:
        return refusal.code if refusal.say("zh") and refusal.say("en") else ""
    cast.touched.update(receipt.threads)
    return "recorded"


def _enrol(cast: Cast, world: World, now: datetime) -> UUID:
    """Enrol somebody at the desk, and return her entry."""
    kind = _kinds(now)["person.enrolled"]
    asked = {name for name, one in kind.fields.items() if one.required}
    wanted = {name: value for name, value in _filled(world, kind, cast.her_home).items() if name in asked}
    draft = Draft(kind=kind.name, fields=wanted | {"ground": "at-the-counter"})
    receipt = record_draft(permit(cast.her_home, now), draft, None, None, now)
    cast.touched.update(receipt.threads)
    return receipt.threads[0]


def _silent(kind: Kind) -> bool:
    return kind.system and not kind.action.get("zh")


def test_every_kind_is_recorded_with_its_tables_or_refused_in_words(cast: Cast) -> None:
    now, world = at(WHEN), World()
    with_paper, enrolled = ask(cast, cast.her_home), _enrol(cast, world, now)
    certificate(cast, cast.her_home, with_paper)
    came: dict[str, set[str]] = {}
    for name, kind in sorted(_kinds(now).items()):
        hers = _enrol(cast, world, now) if kind.effect and not kind.system else enrolled
        for thread in (None, hers, with_paper):
            draft = Draft(kind=name, thread=thread, fields=_filled(world, kind, cast.her_home))
            came.setdefault(name, set()).add(_try(cast, draft, now, together=False))
    assert {name for name, said in came.items() if "another-verb" in said} == set()
    done = {kind.effect for name, kind in _kinds(now).items() if "recorded" in came[name]}
    assert {"person-enrolled", "person-updated", "stay-began", "enrolment-ended", "office-opened"} <= done, (
        came
    )
    assert {
        name for name, kind in _kinds(now).items() if _silent(kind) and came[name] != {"not-at-a-desk"}
    } == set()


def test_what_keeps_tables_is_taken_from_a_program_with_them_or_refused_in_words(cast: Cast) -> None:
    now, world = at(WHEN), World()
    with_paper = ask(cast, cast.her_home)
    issued = certificate(cast, cast.her_home, with_paper)
    effects = {name: kind for name, kind in sorted(_kinds(now).items()) if kind.effect}
    came: dict[str, set[str]] = {}
    for name, kind in effects.items():
        hers = None if kind.system else _enrol(cast, world, now)
        # In a case with a certificate a correction may undo it, whatever else the case holds.
        for thread, corrected in ((None, None), (hers, None), (with_paper, None), (with_paper, issued.id)):
            fields = _filled(world, kind, cast.her_home)
            draft = Draft(kind=name, thread=thread, corrects=corrected, fields=fields)
            came.setdefault(name, set()).add(_try(cast, draft, now, together=True))
            if corrected:
                came[name].add(_try(cast, draft, now, together=False))
    assert {name for name, said in came.items() if "another-verb" in said} == set()
    assert {name for name, kind in effects.items() if _silent(kind) and "recorded" in came[name]} == set()
    assert {name for name, said in came.items() if "recorded" in said} >= {
        "person.enrolled",
        "person.updated",
        "stay.began",
    }


def test_what_goes_with_tables_is_refused_in_words_where_nobody_keeps_them(cast: Cast) -> None:
    said: dict[str, Any] = {"ground": "at-the-counter", "name": "甲", "identity_number": NUMBER}
    with pytest.raises(AnotherVerbError) as refused:
        cast.act(cast.her_home, "person.enrolled", WHEN, **said)
    assert "person-enrolled" in refused.value.say("zh")
