"""The way in: passwords, second factors, sessions that end, and the paper that lets an officer in again."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from tests.web.conftest import COUNTY_ABOVE, DESK, MONDAY, SHANGHAI
from yipan.offices import factors
from yipan.offices.signing_in import ALLOWED, ALLOWED_FROM_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.contrib.auth.models import User

PASSWORD, NEW = "the-harvest-moon-88", "a-wall-of-old-bricks-7"  # open nothing but the tests' own folder
TOWN_HEAD, COUNTY_HEAD = "e.town.head", "e.county.head"


class Now:
    """The house's clock."""

    moment = MONDAY

    def __call__(self) -> datetime:
        """Return the moment, a little later each time."""
        Now.moment += timedelta(milliseconds=10)
        return Now.moment


@pytest.fixture(scope="module", autouse=True)
def _house(home: Path) -> None:
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # Django is set up by `home`

    assert home.is_dir()
    make_ready(settings.RULEPACKS, MONDAY)
    for name, office, role in ((TOWN_HEAD, DESK, "head"), (COUNTY_HEAD, COUNTY_ABOVE, "head")):
        posted(name, office, role)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from yipan.offices.signing_in import FailedSignIn  # noqa: PLC0415  # Django is set up by `home`

    Now.moment = MONDAY
    monkeypatch.setattr(settings, "CLOCK", Now(), raising=False)
    FailedSignIn.objects.all().delete()
    yield
    connections.close_all()


def posted(name: str, office: str = DESK, role: str = "clerk", *, until: date | None = None) -> User:
    """Make an account with a post, once."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # Django is set up by `home`

    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.officer import Officer, Posting  # noqa: PLC0415  # the same

    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        Officer.objects.create(user=user, name=name)
    found: User = user
    Posting.objects.get_or_create(
        officer=Officer.objects.get(user=found),
        organisation=organisation(office),
        role=role,
        defaults={"from_on": date(2026, 1, 1), "until_on": until},
    )
    return found


def browser(**headers: str) -> Client:
    """Open a browser with nothing in it."""
    return Client(SERVER_NAME="localhost", **headers)  # type: ignore[arg-type]  # headers, as a server hands them over


def knock(client: Client, name: str, password: str = PASSWORD) -> Any:  # noqa: ANN401  # Django's test answer
    """Fill in the sign-in."""
    return client.post("/sign-in", {"username": name, "password": password})


def signed_in(name: str) -> Client:
    """Open a browser in which somebody has signed in."""
    client = browser()
    assert knock(client, name).status_code == 302
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    """Tell whether a browser is let to the worklist."""
    return client.get("/").status_code == 200


def everything_stored(*tables: str) -> str:
    """Return all that tables hold, as a copy of the database would."""
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(each)::text FROM {table} AS each")  # noqa: S608  # tables that the test names
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


# ------------------------------------------------------------------------------------------- passwords


def test_passwords_are_kept_as_argon2_and_older_digests_are_written_anew_at_the_next_sign_in() -> None:
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415  # Django is set up by `home`

    user = posted("e.hash")
    assert user.password.startswith("argon2$argon2id$")
    user.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    user.save()
    signed_in("e.hash")
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")


def test_an_account_rests_after_some_wrong_passwords_wherever_they_come_from() -> None:
    posted("e.guessed")
    for at in range(ALLOWED):
        assert knock(browser(REMOTE_ADDR=f"198.51.100.{at}"), "e.guessed", "wrong").status_code == 422
    assert knock(browser(REMOTE_ADDR="203.0.113.9"), "e.guessed").status_code == 429
    Now.moment += timedelta(minutes=11)
    signed_in("e.guessed")


def test_a_hundred_guesses_at_once_are_not_let_through() -> None:
    posted("e.rushed")

    def guess(_: int) -> int:
        try:
            return int(knock(browser(), "e.rushed", "wrong").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(guess, range(24)))
    assert answers.count(422) <= ALLOWED
    assert set(answers) == {422, 429}


def test_an_address_rests_after_many_wrong_passwords_whatever_the_accounts() -> None:
    posted("e.beside")
    there = browser(REMOTE_ADDR="198.51.100.77")
    for at in range(ALLOWED_FROM_ADDRESS):
        assert knock(there, f"nobody-{at}", "wrong").status_code == 422
    assert knock(there, "e.beside").status_code == 429
    # Who says that she comes from elsewhere is not believed: no proxy of ours says it.
    forged = browser(REMOTE_ADDR="198.51.100.77", HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert knock(forged, "e.beside").status_code == 429
    assert knock(browser(REMOTE_ADDR="203.0.113.10"), "e.beside").status_code == 302


def test_strangers_who_try_without_a_name_keep_nobody_from_a_passkey() -> None:
    def tried(there: Client) -> int:
        return int(there.post("/sign-in/passkey", {"credential": "{}"}).status_code)

    for at in range(ALLOWED + 1):
        there = browser(REMOTE_ADDR=f"198.51.100.{at}")
        assert (tried(there), knock(there, "", "wrong").status_code) == (422, 422)
    # By its address a guesser without a name rests all the same.
    there = browser(REMOTE_ADDR="198.51.100.200")
    assert [tried(there) for _ in range(ALLOWED_FROM_ADDRESS + 1)] == [*[422] * ALLOWED_FROM_ADDRESS, 429]


def test_behind_our_own_proxy_the_address_is_what_the_proxy_wrote_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.test import RequestFactory  # noqa: PLC0415  # Django is set up by `home`

    from yipan.web.sign import address_of  # noqa: PLC0415  # the same

    said = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 192.0.2.44"}
    request = RequestFactory().get("/", **said)  # type: ignore[arg-type]  # headers, as a server hands them over
    assert address_of(request) == "10.0.0.1"
    monkeypatch.setattr(settings, "BEHIND_PROXY", True)
    assert address_of(request) == "192.0.2.44"
    request.META["HTTP_X_FORWARDED_FOR"] = "2001:db8:1:2:3:4:5:6"
    assert address_of(request) == "2001:db8:1:2::/64"
    request.META["HTTP_X_FORWARDED_FOR"] = "a line\nof nonsense"
    assert address_of(request) == ""


def test_what_was_typed_as_a_name_and_the_address_are_kept_under_a_key_only() -> None:
    import hashlib  # noqa: PLC0415  # for this one comparison

    knock(browser(REMOTE_ADDR="198.51.100.5"), "my-password-in-the-wrong-box", "wrong")
    stored = everything_stored("offices_failedsignin")
    assert "my-password-in-the-wrong-box" not in stored
    assert "198.51.100.5" not in stored
    for typed in ("my-password-in-the-wrong-box", "198.51.100.5"):
        assert hashlib.sha256(typed.encode()).hexdigest() not in stored


def test_a_new_password_needs_the_old_one_must_be_a_good_one_and_ends_every_other_session() -> None:
    posted("e.changes")
    here, there = signed_in("e.changes"), signed_in("e.changes")
    wrong = here.post("/account/password", {"old": "no", "password": NEW, "again": NEW})
    assert wrong.status_code == 422
    for weak in ("12345678901", "password12", "short", "e.changes"):
        refused = here.post("/account/password", {"old": PASSWORD, "password": weak, "again": weak})
        assert refused.status_code == 422, weak
    apart = here.post("/account/password", {"old": PASSWORD, "password": NEW, "again": NEW + "!"})
    assert apart.status_code == 422
    assert here.post("/account/password", {"old": PASSWORD, "password": NEW, "again": NEW}).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert knock(browser(), "e.changes").status_code == 422
    assert knock(browser(), "e.changes", NEW).status_code == 302


# ------------------------------------------------------------------------------------- second factors


def code_of(secret: str, steps: int = 0) -> str:
    """Return what an app with a secret shows now, or some half minutes later."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value  # noqa: PLC0415  # set up by `home`

    shown: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
    return shown


def with_app(name: str) -> tuple[Client, str, list[str]]:
    """Add a code app to an account; return the browser, the secret and the recovery codes."""
    posted(name)
    client = signed_in(name)
    page = client.get("/account/app").content.decode()
    assert "<svg" in page
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    secret = found[1].replace(" ", "")
    assert client.post("/account/app", {"code": "000000"}).status_code in (422, 200)
    added = client.post("/account/app", {"code": code_of(secret)}).content.decode()
    codes = re.findall(r"<code>(\d{10})</code>", added)
    assert len(codes) == 8
    return client, secret, codes


def test_with_a_code_app_the_password_alone_opens_nothing_and_each_code_works_once() -> None:
    _, secret, codes = with_app("e.app")
    client = browser()
    assert knock(client, "e.app").headers["Location"] == "/sign-in/second"
    assert not is_in(client)
    assert client.get("/account").status_code == 302
    assert client.post("/sign-in/second", {"code": "000000"}).status_code == 422
    shown = code_of(secret, 1)
    assert client.post("/sign-in/second", {"code": shown}).headers["Location"] == "/"
    assert is_in(client)
    over_the_shoulder = browser()
    knock(over_the_shoulder, "e.app")
    assert over_the_shoulder.post("/sign-in/second", {"code": shown}).status_code == 422
    assert over_the_shoulder.post("/sign-in/second", {"code": codes[0]}).status_code == 302
    again = browser()
    knock(again, "e.app")
    assert again.post("/sign-in/second", {"code": codes[0]}).status_code == 422


def test_codes_are_not_guessed_for_long() -> None:
    with_app("e.app.guessed")
    client = browser()
    knock(client, "e.app.guessed")
    answers = [client.post("/sign-in/second", {"code": f"{at:06}"}).status_code for at in range(ALLOWED + 3)]
    assert answers == [422] * ALLOWED + [429] * 3


def test_a_copy_of_the_database_makes_no_code_and_opens_no_session() -> None:
    client, secret, codes = with_app("e.copied")
    client.get("/account/app")
    stored = everything_stored("mfa_authenticator", "django_session")
    assert secret not in stored
    assert not any(each in stored for each in codes)
    assert client.cookies["sessionid"].value not in stored
    begun = client.session["app-begun"]
    assert factors.open_secret(begun) not in stored


def test_secrets_outlive_a_rotation_of_the_key_that_seals_them(monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret, _ = with_app("e.rotated")
    old = settings.SECRET_KEY
    monkeypatch.setattr(settings, "SECRET_KEY", "another-key-" * 5)
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [old])
    assert factors.reseal() > 0
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [])
    client = browser()
    knock(client, "e.rotated")
    assert client.post("/sign-in/second", {"code": code_of(secret, 1)}).status_code == 302
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", ["another-key-" * 5])
    monkeypatch.setattr(settings, "SECRET_KEY", old)
    factors.reseal()


def test_locks_are_changed_only_by_who_proved_a_moment_ago_who_she_is() -> None:
    client, _, _ = with_app("e.stale")
    session = client.session
    session["proved"] = time.time() - 11 * 60
    session.save()
    factor = next(each.id for each in factors.factors_of(posted("e.stale").pk) if each.sort == factors.TOTP)
    for path in ("/account/app", "/account/passkey"):
        assert client.get(path).headers["Location"].startswith("/account/again")
    for path in (f"/account/remove/{factor}", "/account/codes"):
        assert client.post(path).headers["Location"].startswith("/account/again")
    assert client.post("/account/again", {"password": "wrong"}).status_code == 422
    assert client.post("/account/again", {"password": PASSWORD}).headers["Location"] == "/account"
    client.post(f"/account/remove/{factor}")
    assert factors.factors_of(posted("e.stale").pk) == []


def test_nobody_removes_another_accounts_factor() -> None:
    with_app("e.owner")
    posted("e.thief")
    thief = signed_in("e.thief")
    factor = factors.factors_of(posted("e.owner").pk)[0].id
    thief.post(f"/account/remove/{factor}")
    assert factors.has_second_factor(posted("e.owner").pk)


@pytest.mark.parametrize(
    "said",
    [
        "", "{}", "[]", "null", "7", '{"id":"x"}', '{"rawId":"AA","id":"AA","type":"public-key","response":{}}', "{" * 5000,
        '{"rawId":"AA","id":"AA","type":"public-key","response":{"userHandle":5,"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}',
    ],
)  # fmt: skip
def test_what_is_no_answer_of_a_passkey_is_refused_with_a_sentence(said: str) -> None:
    client = browser()
    client.post("/sign-in/passkey/options")
    answer = client.post("/sign-in/passkey", {"credential": said})
    assert answer.status_code == 422
    posted("e.strange")
    inside = signed_in("e.strange")
    inside.get("/account/passkey")
    assert inside.post("/account/passkey", {"credential": said}).status_code == 422


# --------------------------------------------------------------------------------------------- sessions


def test_a_session_ends_with_the_browser_and_its_cookie_is_for_this_house_alone() -> None:
    posted("e.cookie")
    cookie = signed_in("e.cookie").cookies["sessionid"]
    assert cookie["max-age"] == ""
    assert cookie["expires"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("mark", "ago"), [("seen", 62 * 60), ("began", 10 * 60 * 60 + 5)])
def test_a_session_ends_when_nobody_is_there_and_after_a_days_work(mark: str, ago: int) -> None:
    posted("e.idle")
    client = signed_in("e.idle")
    session = client.session
    session[mark] = time.time() - ago
    session.save()
    assert not is_in(client)


def test_signing_out_everywhere_ends_every_session() -> None:
    posted("e.everywhere")
    here, there = signed_in("e.everywhere"), signed_in("e.everywhere")
    assert here.post("/account/everywhere").status_code == 302
    assert not is_in(here)
    assert not is_in(there)
    time.sleep(0.01)
    signed_in("e.everywhere")


def test_a_session_ends_with_the_post_and_for_the_days_of_a_leave() -> None:
    from yipan.offices.leave import Leave  # noqa: PLC0415  # Django is set up by `home`
    from yipan.offices.officer import Officer  # noqa: PLC0415  # the same
    from yipan.offices.permit import set_acting  # noqa: PLC0415  # the same

    posted("e.leaves", until=date(2026, 3, 5))
    client = signed_in("e.leaves")
    Now.moment = datetime(2026, 3, 5, 9, tzinfo=SHANGHAI)
    assert not is_in(client)
    Now.moment = MONDAY
    assert not is_in(client)

    posted("e.away")
    posted("e.stays")
    client = signed_in("e.away")
    from django.db import transaction  # noqa: PLC0415  # the same

    with transaction.atomic():
        set_acting(DESK, TOWN_HEAD, [])
        Leave.objects.create(
            officer=Officer.objects.get(user__username="e.away"),
            organisation_id=DESK,
            stand_in=Officer.objects.get(user__username="e.stays"),
            from_on=date(2026, 3, 1),
            until_on=date(2026, 3, 9),
        )
    told = client.get("/")
    assert told.status_code == 403
    assert "休假" in told.content.decode()
    assert client.get("/").headers["Location"].startswith("/sign-in")


# --------------------------------------------------------------------------------------- paper codes


def reset(client: Client, account: str) -> Any:  # noqa: ANN401  # Django's test answer
    """Press the head's button."""
    return client.post("/office/accounts", {"account": account})


def paper_of(answer: Any) -> str:  # noqa: ANN401  # the same
    """Return the code that a page shows."""
    found = re.search(r"<code[^>]*>([A-Z0-9-]{19})</code>", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def redeem(client: Client, account: str, code: str, password: str = NEW) -> Any:  # noqa: ANN401  # the same
    """Fill in the page of the paper code."""
    return client.post(
        "/sign-in/paper", {"username": account, "code": code, "password": password, "again": password}
    )


@pytest.mark.parametrize("head", [TOWN_HEAD, COUNTY_HEAD])
def test_the_head_of_the_office_or_above_lets_an_officer_in_again_by_paper(head: str) -> None:
    name = f"e.lost.{head}"
    client, _, codes = with_app(name)
    answer = reset(signed_in(head), name)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    code = paper_of(answer)
    # What opened the account is over: session, password, app, recovery codes.
    assert not is_in(client)
    fresh = browser()
    assert knock(fresh, name).status_code == 422
    assert factors.factors_of(posted(name).pk) == []
    assert codes
    assert redeem(fresh, name, "AAAA-BBBB-CCCC-DDDD").status_code == 422
    weak = redeem(fresh, name, code, "short")
    assert weak.status_code == 422
    assert redeem(fresh, name, code.lower().replace("-", " ")).headers["Location"] == "/account"
    assert is_in(fresh)
    assert redeem(browser(), name, code).status_code == 422
    assert code.replace("-", "") not in everything_stored("offices_papercode", "auth_user")


def test_a_paper_code_holds_for_a_day() -> None:
    posted("e.late")
    code = paper_of(reset(signed_in(TOWN_HEAD), "e.late"))
    Now.moment += timedelta(hours=24, minutes=1)
    assert redeem(browser(), "e.late", code).status_code == 422


def test_the_journal_says_who_reset_whose_sign_in_and_no_code() -> None:
    posted("e.told")
    code = paper_of(reset(signed_in(TOWN_HEAD), "e.told"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yipan.organisation', %s, false)", [DESK])
        cursor.execute(
            "SELECT recorded_by, officer, to_jsonb(e)::text FROM duties_event e"
            " WHERE kind = 'sign-in.reset' AND clock->>'account' = 'e.told'"
        )
        office, officer, whole = cursor.fetchone()
        cursor.execute("SELECT set_config('yipan.organisation', '', false)")
    assert (office, officer) == (DESK, TOWN_HEAD)
    assert code not in whole


def test_a_head_takes_over_nobody_who_works_elsewhere_too_nor_herself_and_a_clerk_nobody() -> None:
    posted("e.both")
    posted("e.both", COUNTY_ABOVE, "supervisor")
    head = signed_in(TOWN_HEAD)
    assert reset(head, "e.both").status_code == 403
    assert reset(head, TOWN_HEAD).status_code == 422
    assert reset(head, COUNTY_HEAD).status_code == 403
    assert reset(head, "nobody-at-all").status_code == 422
    posted("e.clerk")
    clerk = signed_in("e.clerk")
    assert clerk.get("/office/accounts").status_code == 403
    assert reset(clerk, "e.both").status_code == 403
    assert knock(browser(), "e.both").status_code == 302
    assert reset(signed_in(COUNTY_HEAD), "e.both").status_code == 200
