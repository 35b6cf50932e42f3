"""An entry that was a slip is mended or taken back at the page by who wrote it, and by nobody else; it stays readable."""

from __future__ import annotations

from datetime import timedelta
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


def _due(office: str, case: UUID) -> dict[str, tuple[str, object, object]]:
    return {
        each.rule: (each.state, each.opened_at, each.due_at)
        for each in duties_of(permit(office, BEGINS), BEGINS)
        if each.thread == case
    }


def _ways(client: Client, case: UUID) -> list[str]:
    return [href for href, said in Page(client.get(f"/cases/{case}").content).links if said == "更正这条记录"]


@pytest.mark.usefixtures("playground")
def test_a_slip_is_mended_on_the_form_that_it_was_written_on_and_keeps_its_moment_and_its_paper(
    tmp_path: Path,
) -> None:
    CLOCK.now = BEGINS
    own, other = a_township("page"), a_township("page")
    who, earlier = permit(own, BEGINS), BEGINS - timedelta(hours=1)
    said = {"name": "陈丽花", "wish": "renewal", "asked_by": "herself"}
    asked = Draft(kind="certificate.fetch-asked", fields={**said, "home": other}, at=earlier)
    case = record_draft(who, asked, ("电话记录.txt", "来电".encode()), None, BEGINS).threads[0]
    before = _due(own, case)
    client, stranger = _client(own, tmp_path), _client(other, tmp_path)
    (way,) = _ways(client, case)
    assert (stranger.get(way).status_code, stranger.post(way, {}).status_code) == (404, 404)
    # All stands as it was typed, the other office too.
    form = Page(client.get(way).content).form_with("as_of")
    assert form
    assert {name: form.values[name] for name in said} == said
    assert form.values["home"].startswith(other)
    # What is missing is said box by box, and nothing is written.
    empty = client.post(way, {**form.values, "name": ""})
    assert empty.status_code == 422
    assert "请填写“姓名”" in Page(empty.content).wrong
    assert client.post(way, {**form.values, "name": "陈丽华"}).status_code == 302
    after = client.get(f"/cases/{case}").content.decode()
    assert after.count("陈丽花") == after.count("已更正") - 1 == 1
    assert "陈丽华" in after
    # It counts from the moment at which she called, by the same paper; the first is no more to be mended.
    assert _due(own, case) == before
    assert client.get(way).status_code == 404
    assert len(_ways(client, case)) == 1


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


@pytest.mark.usefixtures("playground")
def test_who_was_named_by_mistake_is_taken_out_of_a_registration_with_the_office_that_was_to_be_asked(
    tmp_path: Path,
) -> None:
    CLOCK.now = BEGINS
    own, her_home, his_home = a_township("page"), a_township("page"), a_township("page")
    said = {
        "her_home": her_home, "her_name": "陈丽华", "her_agrees_verify": True, "her_agrees_notice": True,
        "his_home": his_home, "his_name": "王大明", "his_agrees_verify": True, "his_agrees_notice": True,
        "papers": "complete",
    }  # fmt: skip
    asked = Draft(kind="birth-registration.asked", fields=said)
    case = record_draft(permit(own, BEGINS), asked, None, None, BEGINS).threads[0]
    client = _client(own, tmp_path)
    way = _ways(client, case)[0]
    form = Page(client.get(way).content).form_with("as_of")
    assert form
    without = {name: "" if name.startswith("his_") else value for name, value in form.values.items()}
    sent = client.post(way, without)
    assert sent.status_code == 302, Page(sent.content).wrong
    left = {
        each.owed_to: each.state for each in duties_of(permit(own, BEGINS), BEGINS) if each.thread == case
    }
    assert left.pop(his_home, "released") == "released"
    assert "open" in left.values()
    # Neither his home nor he stands in what counts now, and what is corrected next does not bring them back.
    again = Page(client.get(_ways(client, case)[0]).content).form_with("as_of")
    assert again
    assert again.values["her_home"].startswith(her_home)
    assert [again.values[name] for name in ("his_home", "his_name")] == ["", ""]
    # Whoever must be named cannot be left out.
    nobody = client.post(_ways(client, case)[0], {**again.values, "her_home": "", "her_name": ""})
    assert nobody.status_code == 422
