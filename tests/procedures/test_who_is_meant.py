"""An office that is asked about somebody looks for her in its own register, from the case: found with reasons, or not enrolled here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.duties.cast import permit
from tests.procedures.forms import Page
from tests.procedures.playing import BEGINS, CLOCK, Commands, Stage, a_township
from tests.registry.test_register import number
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.record import record

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

WAY = "与本机构登记核对"


def _asked(asker: str, home: str, name: str, its: str) -> UUID:
    """Let an office ask another about somebody, by message."""
    said = {"asked": home, "name": name, "identity_number": its, "points": "请核对住址", "agrees": True}
    said |= {"priority": "normal", "channel": "system", "service": "生育登记"}
    return record_draft(
        permit(asker, BEGINS), Draft(kind="query.sent", fields=said), None, None, BEGINS
    ).threads[0]


@pytest.mark.usefixtures("playground")
def test_who_is_asked_finds_her_own_entry_from_the_case_or_sees_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CLOCK.now = BEGINS
    asker, home, its = a_township("page"), a_township("page"), number()
    record([Draft(kind="office.opened")], permit=permit(home, BEGINS), clock=lambda: BEGINS)
    enrolled = {"ground": "at-the-counter", "name": "韦秀英", "identity_number": its}
    her = record_draft(
        permit(home, BEGINS), Draft(kind="person.enrolled", fields=enrolled), None, None, BEGINS
    )
    known, unknown = _asked(asker, home, "韦秀英", its), _asked(asker, home, "农彩莲", number())
    stage = Stage(offices={}, folder=tmp_path)
    clients = {office: Client(SERVER_NAME="localhost") for office in (asker, home)}
    for office, client in clients.items():
        client.force_login(get_user_model().objects.get(username=stage.account(office, "")))
    ways = {}
    for case in (known, unknown):
        links = {words: href for href, words in Page(clients[home].get(f"/cases/{case}").content).links}
        ways[case] = links[WAY]
        # Who asks is not asked.
        assert WAY not in clients[asker].get(f"/cases/{case}").content.decode()
    found = Page(clients[home].get(ways[known]).content)
    assert f"/people/{her.threads[0]}" in dict(found.links)
    assert any(href.startswith(f"/cases/{known}/record/query.answered") for href, _ in found.links)
    none = clients[home].get(ways[unknown]).content.decode()
    assert "未在本机构登记" in none
    assert "/people/0" not in none
    monkeypatch.setattr("yipan.cli.node.now", CLOCK)
    who = stage.account(home, "")
    commands = Commands(monkeypatch)
    answers = [
        commands.run("node", "who", str(case), "--office", home, "--as", who) for case in (known, unknown)
    ]
    assert [[each["answer"] for each in listed] for listed in answers] == [["same"], ["nobody"]]
