"""What stands before the worklist: a first password is changed, a post that asks for a second lock gets one; and leave by page."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings

from tests.duties.cast import permit
from tests.duties.conftest import installation
from yipan.documents.verbs import issue
from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.offices import factors
from yipan.offices.leave import leave_on
from yipan.offices.officer import Officer, post_new_officer
from yipan.offices.recovering import mark_first
from yipan.offices.role import RolesFileError, second_factor_posts
from yipan.registry.ownaccess import cards_of, give

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["installation"]
OFFICE, COUNTY = "210102001", "210102"
FIRST, OWN = "first-pass-word-1", "own-pass-word-22"
NOW = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
#: Nothing here is about how passwords are kept, and a slow digest for each sign-in would be most of the test.
CHEAP = "django.contrib.auth.hashers.MD5PasswordHasher"


@pytest.fixture(scope="module", autouse=True)
def _staffed(installation: Path) -> Iterator[None]:
    """Give an office with a head and two clerks, and the head of the county above it."""
    assert installation.is_dir()
    call_command("collectstatic", interactive=False, verbosity=0)
    with override_settings(CLOCK=lambda: NOW, PASSWORD_HASHERS=[CHEAP, *settings.PASSWORD_HASHERS]):
        for name, office, role in (
            ("lk-head", OFFICE, "head"), ("lk-clerk", OFFICE, "clerk"), ("lk-other", OFFICE, "clerk"),
            ("lk-county", COUNTY, "head"), ("lk-new", OFFICE, "clerk"),
        ):  # fmt: skip
            post_new_officer(name, name, FIRST, office, role, date(2026, 1, 1))
        yield


def browser(name: str, password: str = FIRST) -> Client:
    """Return a browser in which somebody has sent her password."""
    made = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.9")
    assert made.post("/sign-in", {"username": name, "password": password}).status_code == 302
    return made


def account_of(name: str) -> int:
    """Return the account of somebody."""
    return Officer.objects.get(user__username=name).user_id


def test_a_first_password_opens_nothing_but_its_own_change() -> None:
    mark_first(account_of("lk-new"))
    hers = browser("lk-new")
    for page in ("/", "/people", "/account/password"):
        asked = hers.get(page)
        assert asked.headers.get("Location", "/account/password") == "/account/password"
    assert "第一个密码别人看见过" in hers.get("/account/password").content.decode()
    same = hers.post("/account/password", {"old": FIRST, "password": FIRST, "again": FIRST})
    assert same.status_code == 422
    changed = hers.post("/account/password", {"old": FIRST, "password": OWN, "again": OWN})
    assert changed.headers["Location"] == "/"
    assert hers.get("/").status_code == 200
    assert browser("lk-new", OWN).get("/").status_code == 200


def test_a_post_for_which_the_deployment_asks_a_second_lock_shows_nothing_without_one(tmp_path: Path) -> None:
    asks = tmp_path / "roles.yaml"
    asks.write_text("- {role: head, second_factor: required}\n", encoding="utf-8")
    with override_settings(ROLES_FILE=str(asks)):
        head, clerk = browser("lk-head"), browser("lk-clerk")
        assert clerk.get("/").status_code == 200
        assert head.get("/").headers["Location"] == "/account"
        assert "第二道锁" in head.get("/account").content.decode()
        officer = Officer.objects.select_related("user").get(user__username="lk-head")
        factors.fresh_recovery_codes(officer.user)
        assert head.get("/").headers["Location"] == "/account"  # codes alone are no lock
        secret = factors.new_app_secret()
        from allauth.mfa.totp.internal.auth import TOTP  # noqa: PLC0415  # holds tables

        TOTP.activate(officer.user, secret)
        assert head.get("/").status_code == 200
        factors.remove_all(officer.user_id)
        assert head.get("/").headers["Location"] == "/account"


@pytest.mark.parametrize(
    "said",
    [
        "- {role: queen, second_factor: required}",
        "- {role: head, second_factor: maybe}",
        "- {role: head, rights: [audit]}",
        "role: head",
        "- [",
    ],
)
def test_a_file_of_posts_that_says_anything_else_is_refused(tmp_path: Path, said: str) -> None:
    wrong = tmp_path / "roles.yaml"
    wrong.write_text(said, encoding="utf-8")
    with override_settings(ROLES_FILE=str(wrong)), pytest.raises(RolesFileError):
        second_factor_posts()


def test_the_head_notes_a_leave_and_ends_it_early_and_a_clerk_does_neither() -> None:
    head, today = browser("lk-head"), NOW.date()
    sent = {
        "account": "lk-clerk", "office": OFFICE, "stand_in": "lk-other", "first": f"{today}",
        "until": f"{today + timedelta(days=7)}",
    }  # fmt: skip
    assert browser("lk-clerk").post("/office/leave", sent).status_code == 403
    assert head.post("/office/leave", sent | {"until": "soon"}).status_code == 422
    assert head.post("/office/leave", sent | {"stand_in": "lk-clerk"}).status_code == 422
    assert "lk-clerk" in head.get("/office/leave?account=lk-clerk&office=" + OFFICE).content.decode()
    assert head.post("/office/leave", sent).headers["Location"] == "/office/leave"
    away = Officer.objects.get(user__username="lk-clerk")
    held = leave_on(away, OFFICE, today)
    assert held
    assert str(held.stand_in) == "lk-other"
    assert "今天返岗" in browser("lk-county").get("/office/leave").content.decode()
    assert head.post("/office/leave", {**sent, "back": "yes"}).status_code == 302
    assert leave_on(away, OFFICE, today) is None


def test_a_certificate_is_printed_with_a_number_that_opens_her_pages_once() -> None:
    acting = permit(OFFICE, NOW)
    fields = {"name": "覃小兰", "wish": "first", "asked_by": "herself", "identity": "shown"}
    asked = record([Draft(kind="certificate.asked", fields=fields)], permit=acting, clock=lambda: NOW)
    thread = asked.threads[0]
    ids = (new_id(NOW), new_id(NOW))
    issue(acting, thread, name="覃小兰", way="counter", entries=ids, as_of=None, now=NOW)
    desk = browser("lk-other")
    assert "连同本人查阅号码一起打印" in desk.get(f"/certificates/{thread}").content.decode()
    place = f"/certificates/{thread}/{ids[0]}/with-number.pdf"
    assert desk.get(place).status_code == 405
    for _ in range(2):
        printed = desk.post(place)
        assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
    # Both of one moment here: either may stand first.
    assert sorted(each.ended_because for each in cards_of(acting, thread, NOW)) == ["", "replaced"]
    assert "已另印一张" in desk.get(f"/cases/{thread}/slips").content.decode()

    slip = give(acting, thread, "person", new_id(NOW), NOW, once=True)
    hers = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.10")
    shown = hers.post("/mine/sign-in", {"number": slip.number, "code": slip.code})
    assert shown.status_code == 200
    number, code = re.findall(r'<dd id="(?:number|code)">([^<]+)</dd>', shown.content.decode())
    assert number != slip.number
    assert "覃小兰" in hers.get("/mine/held").content.decode()
    later = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.11")
    assert later.post("/mine/sign-in", {"number": slip.number, "code": slip.code}).status_code == 422
    again = later.post("/mine/sign-in", {"number": number, "code": code})
    assert (again.status_code, again.headers["Location"]) == (302, "/mine")
