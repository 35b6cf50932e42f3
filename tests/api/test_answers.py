"""What the API answers is what the commands answer: the same keys, the same values, by whichever door one came."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from django.conf import settings

from tests.api.conftest import Clock, Knocker, program
from tests.api.test_events import asked, send
from tests.duties.cast import SHANGHAI
from tests.registry.rosters import LAN
from yipan.cli.main import main
from yipan.law.rulebook import UnknownRuleError

if TYPE_CHECKING:
    from tests.duties.cast import Cast

DUE = {"rule": "birth-reg-reply-15wd", "on": "2026-03-02", "owed_by": "450921100", "owed_to": "440104001"}
ENROLMENT = {
    "name": "陈丽华", "identity_number": LAN, "sex": "2", "home": "450921", "residence": "440104001",
    "ground": "at-the-counter", "arrived_on": "2026-01-02", "reason": "work",
}  # fmt: skip


def printed(*words: str) -> Any:  # noqa: ANN401  # whatever the command prints
    """Return what a command prints with `--json`, in English."""
    answer = CliRunner(env={"YIPAN_LANG": "en"}).invoke(main, [*words, "--json"], catch_exceptions=False)
    return json.loads(answer.stdout)


def threads(receipt: Any) -> set[UUID]:  # noqa: ANN401  # a receipt as it is answered
    """Return the cases of a receipt."""
    return {UUID(each["thread"]) for each in receipt["events"]}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Leave the clock of the house as it is, and let nobody be too often at the door."""
    for name in ("API_CALLS", "API_CALLS_OF_ADDRESS", "API_CALLS_OF_STRANGERS"):
        monkeypatch.setattr(settings, name, 1_000_000)
    return Clock(now=datetime.now(SHANGHAI))


@pytest.fixture
def staffed(cast: Cast, now: Clock) -> Knocker:
    """Give a program of the head of the township where they live."""
    return program(cast.residence, now, "head", "clerk")


def test_the_law_is_answered_as_the_commands_answer_it(stranger: Knocker) -> None:
    assert stranger.get("due", **DUE).value == printed(
        "due", DUE["rule"], "--on", DUE["on"], "--owed-by", DUE["owed_by"], "--owed-to", DUE["owed_to"]
    )
    assert stranger.get("due", on="2026-02-13", within="5 working_days").value == printed(
        "due", "--on", "2026-02-13", "--within", "5 working_days"
    )
    said = {"home": "450921100", "residence": "440104001", "reason": "work", "on": "2026-03-02"}
    options = [word for name, value in said.items() for word in (f"--{name}", value)]
    assert stranger.get("migrant", **said).value == printed("migrant", *options)
    packs = printed("packs", "list")
    assert stranger.get("packs").value == packs
    assert stranger.get(f"packs/{packs[0]['pack']}").value == packs[0]
    for rule in (DUE["rule"], next(each["overlays"][0] for each in packs if each["overlays"])):
        assert stranger.get(f"rules/{rule}").value == printed("packs", "show", rule)
    assert stranger.get("kinds/verification.answered").value == printed(
        "packs", "show", "verification.answered"
    )
    assert stranger.get("services").value == printed("services")
    assert stranger.get("certificates/keys").value == printed("certificates", "keys")
    for text in ("广西容县容州镇某某村3组", "朝阳", "没有这个地方", "100101"):
        assert stranger.post("places/resolve", {"text": text}).value == printed("places", "resolve", text)


def test_what_the_law_does_not_know_is_refused_in_one_shape(stranger: Knocker) -> None:
    rows: tuple[tuple[str, dict[str, str], int, str | None], ...] = (
        ("due", {"on": "2026-03-02"}, 422, "not-asked"),
        ("due", {"on": "2026-03-02", "rule": "no-such", "owed_by": "450921100"}, 404, UnknownRuleError.code),
        ("due", {"on": "2026-03-02", "rule": DUE["rule"], "owed_by": "99"}, 422, "unknown-division"),
        ("due", {"on": "2026-03-02", "within": "soon"}, 422, None),
        ("due", {"on": "today"}, 422, "wrongly-asked"),
        ("due", {}, 422, "wrongly-asked"),
        ("due", {"on": "2026-03-02", "colour": "red"}, 422, "wrongly-asked"),
        ("migrant", {"home": "450921100", "residence": "x", "reason": "work"}, 422, "unknown-division"),
        ("migrant", {"home": "450921100", "residence": "440104001", "reason": "fun"}, 422, "wrongly-asked"),
        ("packs/no-such", {}, 404, "nothing-here"),
        ("rules/no-such", {}, 404, "unknown-rule"),
        ("kinds/no.such", {}, 404, "unknown-kind"),
        ("nowhere/at/all", {}, 404, "nothing-here"),
        ("cases/not-an-id", {}, 404, "nothing-here"),
        ("", {}, 404, "nothing-here"),
    )
    for path, query, status, error in rows:
        answer = stranger.get(path, **query)
        assert answer.status == status, (path, query, answer.value)
        assert error in (None, answer.value["error"]), (path, query, answer.value)
        assert set(answer.value) == {"error", "sentence", "next_step", "faults"}
    faults = stranger.get("due", colour="red", shape="round").value["faults"]
    assert [each["field"] for each in faults] == ["colour", "shape"]
    missing = stranger.get("migrant", reason="fun").value["faults"]
    assert {each["field"] for each in missing} == {"home", "residence", "reason"}


@pytest.mark.usefixtures("stranger")
def test_a_refusal_is_said_in_the_language_that_is_asked_for() -> None:
    for wanted, found in (
        ("", "zh"), ("zh-CN", "zh"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("zh;q=0.9,en;q=0.8", "zh"),
        ("fr", "zh"), ("en;q=x", "zh"), ("en;q=0.9,zh;q=0.1", "en"),
    ):  # fmt: skip
        answer = Knocker(language=wanted).get("rules/no-such")
        assert answer.headers["Content-Language"] == found, wanted
        assert ("没有" in answer.value["sentence"]) == (found == "zh")


def test_duties_and_breaches_are_answered_as_the_commands_answer_them(cast: Cast, staffed: Knocker) -> None:
    sent = send(staffed, *(asked(cast) for _ in range(3)))
    cast.touched |= threads(sent)
    who = ("--office", cast.residence, "--as", staffed.officer)
    at = "2027-03-01T10:00"
    ways: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
        ({}, ()),
        ({"only": "open"}, ("--open",)),
        ({"only": "overdue", "now": at}, ("--overdue", "--now", at)),
        ({"desk": staffed.officer}, ("--desk", staffed.officer)),
        ({"desk": "nobody"}, ("--desk", "nobody")),
    )
    for query, options in ways:
        assert staffed.get("duties", limit=200, **query).value["duties"] == printed("duties", *who, *options)
    assert printed("duties", *who, "--open")
    assert staffed.get("breaches", now=at).value == printed("breaches", *who, "--now", at)
    shown = staffed.get(f"offices/{cast.residence}").value
    assert shown == printed("offices", "show", cast.residence)


def test_a_list_is_gone_through_a_page_at_a_time_without_a_gap(cast: Cast, staffed: Knocker) -> None:
    sent = send(staffed, *(asked(cast) for _ in range(4)))
    cast.touched |= threads(sent)
    whole = staffed.get("duties", limit=200).value
    assert whole["next"] is None
    assert any(each["due_at"] is None for each in whole["duties"]) or len(whole["duties"]) > 8
    found: list[Any] = []
    page = staffed.get("duties", limit=3).value
    while True:
        assert len(page["duties"]) <= 3
        found += page["duties"]
        if page["next"] is None:
            break
        page = staffed.get("duties", limit=3, after=page["next"]).value
    assert found == whole["duties"]
    for wrong in ("x", "!!!", "e30", "LSBub3QtYW4taWQ", "MjAyNi0wMy0wMlQxMDowMCA4"):
        answer = staffed.get("duties", after=wrong)
        assert (answer.status, answer.value["error"]) == (422, "wrong-cursor"), wrong
    for limit in (0, 201, "many"):
        assert staffed.get("duties", limit=limit).status == 422


def test_people_are_found_and_shown_as_by_the_commands_and_each_look_is_logged(
    cast: Cast, staffed: Knocker
) -> None:
    thread = send(staffed, {"kind": "person.enrolled", "fields": ENROLMENT})["events"][0]["thread"]
    cast.touched.add(UUID(thread))
    who = ("--office", cast.residence, "--as", staffed.officer)
    found = staffed.post("people/search", {"text": LAN})
    assert found.value == printed("people", "find", LAN, *who)
    assert [each["person"] for each in found.value["people"]] == [thread]
    by_name = staffed.post("people/search", {"text": "陈丽华", "ground": "her-case"})
    assert by_name.value["people"] == found.value["people"]
    without = staffed.post("people/search", {"text": "陈丽华"})
    assert (without.status, without.value["error"]) == (422, "purpose-needed")
    assert staffed.post("people/search", {"text": ""}).value["error"] == "nothing-asked"
    assert staffed.get("people/search", text=LAN).status == 405
    # Her number is a woman's, and its check digit is right.
    send(staffed, {"kind": "person.updated", "thread": thread, "fields": {"sex": "1"}})
    doubted = staffed.get("people/numbers").value
    assert doubted == printed("people", "numbers", *who)
    assert [(each["person"], each["doubts"]) for each in doubted["people"]] == [(thread, ["sex"])]
    assert staffed.get("people/numbers", page=0).status == 422
    assert staffed.get(f"people/{thread}").value == printed("people", "show", thread, *who)
    assert staffed.get("head-counts").value == printed("headcounts", *who)


def test_certificates_and_ledgers_are_answered_as_the_commands_answer_them(
    cast: Cast, now: Clock, stranger: Knocker
) -> None:
    home = program(cast.her_home, now, "head", "clerk")
    send(home, {"kind": "office.opened"})
    wish = {"name": "陈丽华", "wish": "first", "asked_by": "herself", "identity": "shown"}
    thread = send(home, {"kind": "certificate.asked", "fields": wish})["events"][0]["thread"]
    cast.touched.add(UUID(thread))
    own = str(uuid4())
    sent = {"thread": thread, "name": "陈丽华", "way": "counter", "event": own}
    issued = home.post("certificates", sent)
    assert issued.status == 200, issued.value
    assert home.post("certificates", sent).value == issued.value
    assert issued.value["event"] == own
    who = ("--office", cast.her_home, "--as", home.officer)
    assert home.get("certificates").value == printed("certificates", "list", *who)
    number = issued.value["number"]
    verified = stranger.get("certificates/verify", number=number).value
    assert verified == printed("certificates", "verify", number)
    assert verified["state"] == "valid"
    assert stranger.get("certificates/verify", number="0000-0000-0000-0000").value == {"state": "unknown"}
    paper = home.get(f"cases/{thread}/certificate.pdf")
    assert (paper.status, paper.headers["Content-Type"]) == (200, "application/pdf")
    assert paper.body.startswith(b"%PDF-")
    assert paper.headers["Cache-Control"] == "no-store, private"
    ledgers = home.get("ledgers").value
    assert ledgers == printed("ledgers", "list")
    for each in ledgers:
        name = each["ledger"]
        assert home.get(f"ledgers/{name}").value == printed("ledgers", "show", name, *who)
    for path in ("stubs", "supply-points", "counterparts"):
        assert home.get(path).value == printed("ledgers", path, *who)
    assert home.get("ledgers/no-such").status == 404


# ---------------------------------------------------------------------------------- how it is answered


def test_what_has_not_changed_is_not_sent_again_and_what_is_long_is_compressed(
    cast: Cast, staffed: Knocker
) -> None:
    cast.touched |= threads(send(staffed, asked(cast)))
    for path in ("packs", "duties", "kinds/verification.answered", "journal/heads"):
        first = staffed.get(path)
        again = staffed.saying(HTTP_IF_NONE_MATCH=first.headers["ETag"]).get(path)
        assert (again.status, again.body) == (304, b""), path
        packed = staffed.saying(HTTP_ACCEPT_ENCODING="gzip").get(path)
        if len(first.body) > 300:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert json.loads(gzip.decompress(packed.body)) == first.value
    assert "Authorization" in staffed.get("duties").headers["Vary"]
    etag = staffed.get("duties").headers["ETag"]
    cast.touched |= threads(send(staffed, asked(cast)))
    assert staffed.saying(HTTP_IF_NONE_MATCH=etag).get("duties").status == 200


def test_anybody_may_keep_the_heads_of_the_chains(cast: Cast, staffed: Knocker, stranger: Knocker) -> None:
    cast.touched |= threads(send(staffed, asked(cast)))
    heads = {each["organisation"]: each for each in stranger.get("journal/heads").value}
    assert heads[cast.residence]["entries"] >= 1
    assert len(bytes.fromhex(heads[cast.residence]["digest"])) == 32


def test_the_house_says_that_it_works(stranger: Knocker) -> None:
    answer = stranger.get("health")
    assert (answer.status, answer.value["ok"]) == (200, True)
    assert datetime.fromisoformat(answer.value["now"]).tzinfo


def test_another_method_is_refused_in_the_same_shape(staffed: Knocker) -> None:
    for method, path, allowed in (
        ("DELETE", "duties", "GET"), ("PUT", "events", "POST"), ("PATCH", "people/search", "POST"),
        ("HEAD", "duties", "GET"), ("POST", "packs", "GET"),
    ):  # fmt: skip
        answer = staffed.ask(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed), path
