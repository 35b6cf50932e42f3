"""Who is let in: a token of an officer in one post, as long as the post holds; nobody by a cookie; nobody too often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from tests.api.conftest import MONDAY, Answered, Clock, Knocker, new_officer, new_token, program
from yipan.api.urls import api, urlpatterns
from yipan.offices.officer import Posting
from yipan.offices.posting import take_leave
from yipan.offices.recovering import close_sessions
from yipan.offices.tokens import (
    NoSuchTokenError,
    TokenTermError,
    TokenUnnamedError,
    digest_of,
    end_token,
    keeper_permit,
    make_token,
    tokens_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.duties.cast import Cast

#: What anybody may ask; every other operation wants a token.
PUBLIC = {
    "due", "migrant", "packs", "packs/x", "rules/x", "kinds/x", "places/resolve", "journal/heads", "health",
    "services", "certificates/verify", "certificates/keys", "openapi.json", "",
}  # fmt: skip


def operations() -> Iterator[tuple[str, str]]:
    """Yield each operation: its method and an address, with an id that nothing has."""
    for path, item in api.get_openapi_schema(path_prefix="")["paths"].items():
        filled = path
        for name in ("thread", "person", "roster", "event"):
            filled = filled.replace(f"{{{name}}}", str(uuid4()))
        for name in ("pack", "rule", "kind", "ledger", "office"):
            filled = filled.replace(f"{{{name}}}", "x")
        filled = filled.replace("{subject}", "her")
        assert "{" not in filled, path
        for method in item:
            yield method.upper(), filled.lstrip("/")


OPERATIONS = sorted(operations())


REFUSAL = {"error", "sentence", "next_step", "faults"}


def asked(who: Knocker, method: str, path: str) -> Answered:
    """Ask an operation with nothing in the body, and check that whatever is refused has the one shape."""
    answer = who.post(path, {}) if method == "POST" else who.get(path)
    assert answer.status < 500, path
    if answer.status >= 400:
        assert set(answer.value) == REFUSAL, path
    return answer


def test_without_a_token_only_what_is_public_is_answered(stranger: Knocker) -> None:
    for method, path in OPERATIONS:
        answer = asked(stranger, method, path)
        if path in PUBLIC:
            assert answer.status in (200, 404, 422), path
        else:
            assert (answer.status, answer.value["error"]) == (401, "token-wrong"), path
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_opens_nothing_not_even_what_is_public(stranger: Knocker) -> None:
    for method, path in OPERATIONS:
        if path != "health":
            answer = asked(replace(stranger, secret="yipan_" + "x" * 43), method, path)
            assert (answer.status, answer.value["error"]) == (401, "token-wrong"), path


def test_an_id_that_nothing_has_is_not_found_and_nothing_breaks(desk: Knocker) -> None:
    for method, path in OPERATIONS:
        answer = asked(desk, method, path)
        if any(part.count("-") == 4 for part in path.replace(".pdf", "").split("/")):
            assert answer.status == 404, path
        assert answer.status in (200, 404, 422), path


def test_every_address_is_an_operation_of_the_list_or_the_end_of_it() -> None:
    named = {each.name for each in urlpatterns}
    listed = {each for each in named if each not in ("openapi-json", "api-root", "nothing-here")}
    ids = [one["operationId"] for item in api.get_openapi_schema()["paths"].values() for one in item.values()]
    assert len(ids) == len(set(ids)) == len(listed)


@pytest.mark.usefixtures("clock")
def test_the_cookie_of_an_officer_opens_nothing_here(cast: Cast) -> None:
    officer = new_officer(cast.residence)
    client = Client(SERVER_NAME="localhost")
    client.force_login(officer.user)
    answer = client.get("/api/duties")
    assert (answer.status_code, answer.json()["error"]) == (401, "token-wrong")


def test_no_other_site_is_let_read_what_is_answered(desk: Knocker) -> None:
    answer = desk.saying(HTTP_ORIGIN="https://elsewhere.example").get("duties")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    preflight = desk.ask("OPTIONS", "duties")
    assert (preflight.status, preflight.value["error"]) == (405, "not-so-asked")


def test_a_token_is_shown_once_and_nowhere_kept(
    cast: Cast, clock: Clock, owner: psycopg.Connection[Any]
) -> None:
    officer = new_officer(cast.residence)
    made = new_token(officer, cast.residence, clock())
    assert made.secret.startswith("yipan_")
    owner.execute("SELECT set_config('yipan.organisation', %s, true)", [cast.residence])
    rows = owner.execute("SELECT to_jsonb(t)::text FROM offices_apitoken t").fetchall()
    assert rows
    assert not [row for row in rows if made.secret[6:] in row[0]]
    assert bytes(made.token.digest) == digest_of(made.secret)


def test_a_token_ends_with_the_post_that_it_is_of(cast: Cast, clock: Clock) -> None:
    desk = program(cast.residence, clock)
    assert desk.get("duties").status == 200
    Posting.objects.filter(officer__user__username=desk.officer).update(until_on=MONDAY.date())
    answer = desk.get("duties")
    assert (answer.status, answer.value["error"]) == (403, "not-posted")


def test_a_token_rests_with_the_leave_of_its_officer(cast: Cast, clock: Clock) -> None:
    desk, officer = program(cast.residence, clock), new_officer(cast.residence)
    who = Posting.objects.get(officer__user__username=desk.officer).officer
    permit = keeper_permit(who, who, cast.residence, clock())
    with permit.in_force():
        take_leave(who, cast.residence, officer, MONDAY.date(), MONDAY.date() + timedelta(days=3))
    assert (desk.get("duties").status, desk.get("duties").value["error"]) == (403, "on-leave")
    clock.now += timedelta(days=4)
    assert desk.get("duties").status == 200


def test_a_token_is_over_at_its_end_and_when_it_is_ended(cast: Cast, clock: Clock) -> None:
    desk, head = program(cast.residence, clock), new_officer(cast.residence, "head")
    other = program(cast.residence, clock)
    permit = keeper_permit(head, None, cast.residence, clock())
    assert {each.id for each in tokens_of(permit)} >= {desk.token, other.token}
    assert desk.token
    ended = end_token(permit, desk.token, clock())
    assert ended.ended_by == str(head)
    assert desk.get("duties").status == 401
    with pytest.raises(NoSuchTokenError):
        end_token(permit, desk.token, clock())
    assert other.get("duties").status == 200
    clock.now += timedelta(days=31)
    assert other.get("duties").status == 401


def test_a_token_ends_with_all_that_opens_her_account(cast: Cast, clock: Clock) -> None:
    desk = program(cast.residence, clock)
    user = Posting.objects.get(officer__user__username=desk.officer).officer.user
    close_sessions(user.pk, clock())
    assert desk.get("duties").status == 401
    other = program(cast.residence, clock)
    account = Posting.objects.get(officer__user__username=other.officer).officer.user
    account.is_active = False
    account.save()
    assert other.get("duties").status == 401


def test_a_token_that_only_reads_records_nothing(cast: Cast, clock: Clock) -> None:
    officer = new_officer(cast.residence, "head")
    made = new_token(officer, cast.residence, clock(), reads_only=True)
    desk = Knocker(secret=made.secret, language="en")
    assert desk.get("duties").status == 200
    for path, body in (("events", {"events": [{"kind": "office.opened"}]}), ("rosters", None)):
        answer = desk.post(path, body) if body else desk.post(path, body=b"x")
        assert (answer.status, answer.value["error"]) == (403, "not-permitted")


def test_only_the_officer_herself_and_who_posts_officers_there_make_tokens(cast: Cast, clock: Clock) -> None:
    officer, colleague = new_officer(cast.residence), new_officer(cast.residence)
    elsewhere = new_officer(cast.her_home, "head")
    until = clock() + timedelta(days=10)
    for by in (colleague, elsewhere):
        with pytest.raises(Exception, match="does not include"):
            make_token(officer, cast.residence, "程序", until, clock(), by=by)
    head = new_officer(cast.residence, "head")
    assert make_token(officer, cast.residence, "程序", until, clock(), by=head).token.made_by == str(head)
    with pytest.raises(Exception, match="no post"):
        make_token(officer, cast.her_home, "程序", until, clock(), by=elsewhere)


def test_a_token_has_an_end_within_a_year_and_a_name(cast: Cast, clock: Clock) -> None:
    officer, now = new_officer(cast.residence), clock()
    for until in (now, now - timedelta(days=1), now + timedelta(days=settings.API_TOKEN_DAYS, seconds=1)):
        with pytest.raises(TokenTermError):
            make_token(officer, cast.residence, "程序", until, now, by=officer)
    for name in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(TokenUnnamedError):
            make_token(officer, cast.residence, name, now + timedelta(days=1), now, by=officer)


def test_when_a_token_was_last_used_is_known_to_the_minute(cast: Cast, clock: Clock) -> None:
    desk = program(cast.residence, clock)
    who = Posting.objects.get(officer__user__username=desk.officer).officer
    permit = keeper_permit(who, who, cast.residence, clock())
    assert tokens_of(permit, who)[0].last_used_at is None
    desk.get("duties")
    first = tokens_of(permit, who)[0].last_used_at
    assert first is not None
    desk.get("duties")
    assert tokens_of(permit, who)[0].last_used_at == first
    clock.now += timedelta(minutes=2)
    desk.get("duties")
    assert tokens_of(permit, who)[0].last_used_at == clock.now


# ---------------------------------------------------------------------------------------- how often


def test_a_token_that_calls_too_often_waits_for_the_next_minute(
    desk: Knocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "API_CALLS", 3)
    assert [desk.get("duties").status for _ in range(4)] == [200, 200, 200, 429]
    answer = desk.get("duties")
    assert answer.value["error"] == "too-many-calls"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    clock.now += timedelta(minutes=1)
    assert desk.get("duties").status == 200


def test_an_address_is_counted_by_itself_and_a_wrong_token_counts_for_many(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = program(cast.residence, clock)
    monkeypatch.setattr(settings, "API_CALLS_OF_ADDRESS", 100)
    wrong = Knocker(secret="yipan_" + "y" * 43, address="198.51.100.7")
    found = [wrong.get("duties").status for _ in range(6)]
    assert found[:3] == [401, 401, 401]
    assert found[-1] == 429
    there = Knocker(secret=desk.secret, address="198.51.100.7")
    assert there.get("duties").status == 429
    assert desk.get("duties").status == 200


@pytest.mark.usefixtures("stranger")
def test_strangers_are_counted_by_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_CALLS_OF_STRANGERS", 2)
    one = Knocker(address="203.0.113.9")
    assert [one.get("services").status for _ in range(3)] == [200, 200, 429]
    assert Knocker(address="203.0.113.10").get("services").status == 200


@pytest.mark.usefixtures("stranger")
def test_behind_a_proxy_the_last_address_it_says_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_CALLS_OF_STRANGERS", 1)
    monkeypatch.setattr(settings, "BEHIND_PROXY", True)

    def through(forwarded: str) -> int:
        return Knocker(more={"HTTP_X_FORWARDED_FOR": forwarded}).get("services").status

    assert [through("10.0.0.1, 203.0.113.20"), through("10.0.0.2, 203.0.113.20")] == [200, 429]
    assert through("203.0.113.20, 203.0.113.21") == 200
    # Of version 6 a customer's whole network is one.
    assert [through("2001:db8::1"), through("2001:db8::2"), through("2001:db8:1::1")] == [200, 429, 200]


def test_the_counts_say_neither_who_called_nor_from_where(
    desk: Knocker, owner: psycopg.Connection[Any]
) -> None:
    desk.get("duties")
    rows = owner.execute("SELECT digest FROM offices_apicalls").fetchall()
    assert rows
    assert all(len(row[0]) == 32 for row in rows)


# ----------------------------------------------------------------------------------------- the walls


def test_an_office_sees_its_own_tokens_and_nobody_changes_what_one_is_of(
    cast: Cast, clock: Clock, app: psycopg.Connection[Any]
) -> None:
    desk = program(cast.residence, clock)

    def seen(office: str, token: str = "") -> list[Any]:
        app.execute("SELECT set_config('yipan.organisation', %s, true)", [office])
        app.execute("SELECT set_config('yipan.token', %s, true)", [token])
        return app.execute("SELECT id FROM offices_apitoken WHERE id = %s", [desk.token]).fetchall()

    assert seen(cast.residence)
    assert not seen(cast.her_home)
    assert not seen("")
    assert seen("", digest_of(desk.secret).hex())
    app.rollback()
    for statement in (
        "UPDATE offices_apitoken SET until_at = now() + interval '9 years'",
        "UPDATE offices_apitoken SET organisation_id = '00'",
        "UPDATE offices_apitoken SET reads_only = false",
        "DELETE FROM offices_apitoken",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)
        app.rollback()
    app.execute("SELECT set_config('yipan.organisation', %s, true)", [cast.her_home])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(
            "INSERT INTO offices_apitoken (id, officer_id, organisation_id, program, digest, reads_only, made_by,"
            " made_at, until_at, ended_by) SELECT %s, officer_id, organisation_id, 'x', 'x', false, 'x', now(),"
            " now() + interval '1 day', '' FROM (SELECT %s::bigint AS officer_id, %s AS organisation_id) AS made",
            [uuid4(), Posting.objects.get(officer__user__username=desk.officer).officer_id, cast.residence],
        )
    app.rollback()
