"""Lists that are longer than a page go on on the next one, and their sums are over all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings

from tests.duties.cast import permit
from tests.procedures.forms import Page
from tests.procedures.playing import BEGINS, CLOCK, HASHERS, Stage, a_township
from yipan.documents import ledgers, register, stubs
from yipan.documents.verbs import record_draft
from yipan.duties import breaches, queries
from yipan.duties.draft import Draft
from yipan.offices.office import lines_of
from yipan.web import breaches as breach_page
from yipan.web import ledgers as ledger_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

#: So many rows a page shows here, and so many there are.
ROWS, IN_ALL = 2, 5
LETTER: Final[dict[str, Any]] = {
    "channel": "letter", "about": "ready", "name": "陈丽华", "address": "某路1号", "words": "所办的事有了结果。",
}  # fmt: skip
ASKED: Final[dict[str, Any]] = {"name": "陈丽华", "wish": "first", "asked_by": "herself", "identity": "shown"}


@pytest.fixture(scope="module")
def office(promised: None) -> Iterator[str]:  # noqa: ARG001  # the installation is ready
    """Give a township that sent five letters, was asked for five certificates and moved stock five times."""
    with override_settings(CLOCK=CLOCK, PASSWORD_HASHERS=HASHERS):
        CLOCK.now = BEGINS
        own = a_township("page")
        for _ in range(IN_ALL):
            _say(own, "telling.sent", **LETTER)
            _say(own, "certificate.asked", **ASKED)
        point = _say(own, "supply-point.opened", name="窗口", address="镇政府", hours="全天", sort="desk")
        for _ in range(IN_ALL):
            _say(own, "supplies.received", thread=point, received=10)
        yield own


def _say(office: str, kind: str, *, thread: UUID | None = None, **said: object) -> UUID:
    draft = Draft(kind=kind, thread=thread, fields=said)
    return record_draft(permit(office, BEGINS), draft, None, None, BEGINS).threads[0]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page show two rows."""
    for room, name in (
        (ledgers, "PAGE"), (register, "PAGE"), (stubs, "PAGE"), (breaches, "PAGE"), (queries, "PAGE"),
        (ledger_pages, "STUBS"), (breach_page, "PAGE"),
    ):  # fmt: skip
        monkeypatch.setattr(room, name, ROWS)


def pages(office: str, place: str, folder: Path) -> Iterator[str]:
    """Turn the pages of a list as long as it offers another one."""
    CLOCK.now = BEGINS
    client = Client(SERVER_NAME="localhost")
    name = Stage(offices={}, folder=folder).account(office, "")
    client.force_login(get_user_model().objects.get(username=name))
    onward: str | None = place
    while onward:
        answer = client.get(onward)
        assert answer.status_code == 200, onward
        yield answer.content.decode()
        onward = next((href for href, said in Page(answer.content).links if said == "下一页"), None)
        onward = f"{place}{onward}" if onward else None


def found(texts: list[str], pattern: str) -> set[str]:
    return {each for text in texts for each in re.findall(pattern, text)}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        ("/stubs", r"存〔2026〕(\d+)号"),
        ("/certificates", r'<th scope="row"><a href="/certificates/([0-9a-f-]+)"'),
        ("/", r'href="/cases/([0-9a-f-]+)">告知要有凭据'),
    ],
)
def test_every_row_of_a_long_list_is_on_one_of_its_pages(
    office: str, place: str, pattern: str, tmp_path: Path
) -> None:
    texts = list(pages(office, place, tmp_path))
    assert len(texts) > IN_ALL // ROWS
    assert len(found(texts, pattern)) == IN_ALL


@pytest.mark.usefixtures("short")
def test_a_ledger_is_turned_page_by_page_and_its_sum_is_over_all_of_them(office: str, tmp_path: Path) -> None:
    texts = list(pages(office, "/ledgers/supplies", tmp_path))
    assert len(texts) == (IN_ALL + 1 + ROWS - 1) // ROWS
    assert all(f"{10 * IN_ALL}</td>" in " ".join(text.split()) for text in texts)
    assert sum(text.count("免费用品到货") for text in texts) == IN_ALL
    # Of a year in which nothing was noted there is nothing, and nothing is summed up.
    assert "还没有记录" in next(pages(office, "/ledgers/supplies?year=2024", tmp_path))


@pytest.mark.usefixtures("short")
def test_breaches_are_turned_page_by_page_the_red_ones_first(office: str, tmp_path: Path) -> None:
    county = lines_of([office])[office]["county"]
    for about in ("late", "pressure", "late", "late", "late"):
        said: dict[str, Any] = {"against": office, "about": about, "side": "residence", "findings": "属实"}
        _say(county, "breach.noted", **said)
    texts = list(pages(county, "/breaches", tmp_path))
    assert len(texts) == 3
    assert ["红色" in text for text in texts] == [True, False, False]
    assert len(found(texts, r'href="/cases/([0-9a-f-]+)"')) == IN_ALL
