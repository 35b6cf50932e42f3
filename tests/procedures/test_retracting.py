"""An entry that was a slip is taken back at the page by who wrote it, and by nobody else; it stays readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.duties.cast import permit
from tests.procedures.forms import Page
from tests.procedures.playing import BEGINS, CLOCK, Stage, a_township
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.queries import duties_of

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID


def _client(office: str, folder: Path) -> Client:
    made = Client(SERVER_NAME="localhost")
    name = Stage(offices={}, folder=folder).account(office, "")
    made.force_login(get_user_model().objects.get(username=name))
    return made


def _states(office: str, case: UUID) -> dict[str, str]:
    return {
        each.rule: each.state for each in duties_of(permit(office, BEGINS), BEGINS) if each.thread == case
    }


@pytest.mark.usefixtures("playground")
def test_a_slip_is_withdrawn_by_who_wrote_it_and_what_it_settled_is_open_again(tmp_path: Path) -> None:
    CLOCK.now = BEGINS
    own, other = a_township("page"), a_township("page")
    who = permit(own, BEGINS)
    asked = Draft(kind="copy.asked", fields={"name": "陈丽华"})
    case = record_draft(who, asked, None, None, BEGINS).threads[0]
    record_draft(who, Draft(kind="copy.given", thread=case, fields={"way": "counter"}), None, None, BEGINS)
    assert _states(own, case) == {"person-copy": "discharged"}
    client = _client(own, tmp_path)
    ways = [href for href, said in Page(client.get(f"/cases/{case}").content).links if said == "撤回这条记录"]
    assert len(ways) == 2
    asking = client.get(ways[-1])
    form = Page(asking.content).form_with("as_of")
    assert form
    assert "副本已交给本人" in asking.content.decode()
    # Another office finds nothing there; who saw less of the case than there is, is asked again.
    stranger = _client(other, tmp_path)
    assert (stranger.get(ways[-1]).status_code, stranger.post(ways[-1], form.values).status_code) == (
        404,
        404,
    )
    assert client.post(ways[-1], {**form.values, "as_of": "1"}).status_code == 422
    assert _states(own, case) == {"person-copy": "discharged"}
    assert client.post(ways[-1], form.values).status_code == 302
    assert _states(own, case) == {"person-copy": "open"}
    after = client.get(f"/cases/{case}").content.decode()
    assert "已更正" in after
    assert client.get(ways[-1]).status_code == 404
