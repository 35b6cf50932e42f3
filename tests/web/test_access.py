"""Who may come in: every address but the sign-in asks who is there, and shows an office only its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.web.conftest import PASSWORD, House, button, link, sign_in, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN_TO_ALL = {"sign-in", "set_language", "verify", "verify-number", "certificate-keys"}
SAMPLES = {"thread": str(uuid4()), "intake": str(uuid4()), "kind": "birth-registration.asked"}
OPEN_TO_ALL |= {"public-services", "public", "public-procedures", "public-facilities", "public-contacts"}
OPEN_TO_ALL |= {"public-rules", "public-rule"}
OPEN_TO_ALL |= {"sign-in-paper", "passkey-sign-in", "passkey-options"}
#: A person's sign-in, and the button that leaves her pages at once, which shows nothing of anybody.
OPEN_TO_ALL |= {"mine-sign-in", "mine-leave"}
SAMPLES |= {"factor": "1", "name": "stock", "rule_id": "birth-reg-reply-15wd"}
#: What stands for a part of an address that no test cares about, by the sort of part it is.
SORTS = {"UUIDConverter": str(uuid4()), "IntConverter": "1", "SlugConverter": "x", "StringConverter": "x"}
SAMPLES |= {"event": str(uuid4()), "subject": "her", "number": "0000-0000-0000-0000"}


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the name and an address of every page."""
    from django.urls import URLPattern, URLResolver, get_resolver, reverse  # noqa: PLC0415  # set up by `home`

    def below(resolver: URLResolver) -> Iterator[URLPattern]:
        for each in resolver.url_patterns:
            if isinstance(each, URLPattern):
                yield each
            elif each.namespace != "api":  # programs: tests/api sweeps their operations
                yield from below(each)

    for pattern in below(get_resolver()):
        assert pattern.name, "a page without a name cannot be swept"
        wanted = pattern.pattern.converters if hasattr(pattern.pattern, "converters") else {}
        said = {name: SAMPLES.get(name) or SORTS[type(each).__name__] for name, each in wanted.items()}
        yield pattern.name, reverse(pattern.name, kwargs=said)


def test_every_page_but_the_sign_in_sends_a_stranger_to_the_sign_in(house: House) -> None:
    from django.test import Client  # noqa: PLC0415  # Django is set up by `home`

    def knock() -> dict[str, list[int | str]]:
        client = Client(SERVER_NAME="localhost")
        found: dict[str, list[int | str]] = {}
        for name, address in addresses():
            for answer in (client.get(address), client.post(address)):
                place = answer.headers.get("Location", "").partition("?")[0]
                found.setdefault(name, []).append(place or answer.status_code)
        return found

    found = house.elsewhere(knock)
    assert {"today", "case", "record", "record-new", "office", "office-search", "sign-out"} <= set(found)
    guarded = {name: answers for name, answers in found.items() if name not in OPEN_TO_ALL}
    astray = {
        name: answers
        for name, answers in guarded.items()
        if not set(answers) <= {"/mine/sign-in" if name.partition("-")[0] == "mine" else "/sign-in", 405}
    }
    assert {"mine", "mine-held", "mine-act", "mine-copy"} <= set(guarded)
    assert astray == {}


def test_a_wrong_password_is_refused_and_the_name_is_kept(house: House) -> None:
    page = house.visitor()
    page.goto("/")
    sign_in(page, "limin", "not-" + PASSWORD)
    assert "用户名或密码不对" in page.inner_text("main")
    assert page.input_value("#username") == "limin"
    assert page.input_value("#password") == ""


def test_an_account_without_a_post_is_not_let_in_and_is_told_why(house: House) -> None:
    page = house.signed_in("nobody")
    assert "没有岗位" in page.inner_text("main")
    page.goto("/")
    assert page.url.partition("?")[0].endswith("/sign-in")


def test_who_has_two_posts_says_for_which_office_she_works(house: House) -> None:
    page = house.signed_in("zhao")
    assert "您现在为哪个机构办事" in page.inner_text("main")
    page.get_by_label("天河区卫生健康局").check()
    button(page, "继续")
    assert "天河区卫生健康局" in page.inner_text(".masthead")
    assert "下级逾期" in page.inner_text("main")
    link(page, "更换机构")
    page.get_by_label("沙河街道").check()
    button(page, "继续")
    assert "沙河街道" in page.inner_text(".masthead")
    assert "下级逾期" not in page.inner_text("main")


def test_after_signing_in_she_is_where_she_wanted_to_be_and_never_outside_the_house(house: House) -> None:
    page = house.visitor()
    page.goto("/sign-in?next=https://example.org/")
    sign_in(page, "limin", PASSWORD)
    assert page.url == f"{house.address}/"


def test_a_clerk_of_another_office_cannot_tell_whether_there_is_such_a_case(house: House) -> None:
    case = take_in(house.signed_in("limin"))
    stranger = house.signed_in("wang")
    answer = stranger.goto(case)
    nothing = stranger.context.request.get(f"{house.address}/cases/{uuid4()}")
    assert answer is not None
    assert answer.status == nothing.status == 404
    assert "陈丽华" not in stranger.content()


def test_his_home_hears_of_the_case_only_when_it_is_asked(house: House) -> None:
    desk = house.signed_in("limin")
    case = take_in(desk)
    home = house.signed_in("huang")
    before = home.goto(case)
    assert before is not None
    assert before.status == 404
    desk.goto(case)
    link(desk, "向户籍地核实（男方")
    desk.get_by_label("挂号信").check()
    button(desk, "提交并记录")
    home.goto(case)
    text = home.inner_text("main")
    assert "向户籍地发出核实要求" in text
    assert "陈丽华" not in text
    assert "女方" not in text


def test_signing_out_ends_the_session(house: House) -> None:
    page = house.visitor()
    page.goto("/")
    sign_in(page, "limin", PASSWORD)
    button(page, "退出")
    page.goto("/")
    assert page.url.partition("?")[0].endswith("/sign-in")


def test_a_page_with_a_person_on_it_is_kept_in_no_cache(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    answer = page.context.request.get(case)
    assert "no-store" in answer.headers["cache-control"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/record/no-such-kind", "/record/verification.answered", "/record/period.turned"]
)
def test_a_kind_that_begins_no_case_is_refused_with_a_sentence(house: House, path: str) -> None:
    page = house.signed_in("limin")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 422
    assert page.locator(".notice.is-wrong").is_visible()


def test_after_five_wrong_passwords_an_account_rests_even_for_the_right_one(house: House) -> None:
    page = house.visitor()
    page.goto("/sign-in")
    for _ in range(5):
        sign_in(page, "luo", "guessed")
        assert "用户名或密码不对" in page.inner_text("main")
    sign_in(page, "luo", PASSWORD)
    assert "密码错误次数过多" in page.inner_text("main")
    house.now += timedelta(minutes=11)
    sign_in(page, "luo", PASSWORD)
    assert "今日应办" in page.inner_text("main")
