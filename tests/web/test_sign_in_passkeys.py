"""Passkeys in a real browser, with the lock of a device that the browser plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.conftest import PASSWORD, House, button, follow, link, sign_in, take_in
from tests.web.test_mine import slip

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _with_device(house: House, *, unlocks: bool = True) -> Page:
    """Open a browser on a device that keeps passkeys, at the name for which they are made."""
    page = house.visitor()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": unlocks,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto(_at(house, "/sign-in"))
    return page


def _at(house: House, path: str) -> str:
    """Return an address under a name: a passkey is made for a name, never for a number."""
    return house.address.replace("127.0.0.1", "localhost") + path


def _add(house: House, page: Page) -> None:
    page.goto(_at(house, "/account"))
    link(page, "添加通行密钥")
    page.fill("#name", "我的手机")
    button(page, "用这台设备添加")


def test_a_passkey_alone_opens_the_worklist_and_beside_a_password_it_is_asked_for(house: House) -> None:
    page = _with_device(house)
    sign_in(page, "huang", PASSWORD)
    _add(house, page)
    assert "抄在纸上" in page.inner_text("main")
    codes = page.locator("main code").all_inner_texts()
    assert len(codes) == 8
    link(page, "抄好了")
    assert "我的手机" in page.inner_text("main")

    button(page, "退出")
    button(page, "用通行密钥登录")
    assert page.url == _at(house, "/")
    assert "黄玉兰" in page.inner_text(".masthead")

    button(page, "退出")
    sign_in(page, "huang", PASSWORD)
    assert page.url == _at(house, "/sign-in/second")
    button(page, "用通行密钥")
    assert "黄玉兰" in page.inner_text(".masthead")

    # The telephone is elsewhere: a recovery code, once.
    for wanted in ("黄玉兰", "不对"):
        page.context.clear_cookies()
        page.goto(_at(house, "/sign-in"))
        sign_in(page, "huang", PASSWORD)
        page.fill("#code", codes[0])
        button(page, "继续")
        assert wanted in page.inner_text("body")

    # Without the passkey's device a password is not enough.
    stranger = house.visitor()
    stranger.goto("/sign-in")
    sign_in(stranger, "huang", PASSWORD)
    stranger.goto("/")
    assert stranger.url.partition("?")[0].endswith("/sign-in")

    page.goto(_at(house, "/sign-in"))
    button(page, "用通行密钥登录")
    page.goto(_at(house, "/account"))
    follow(page, page.locator("#s-passkeys ~ ul button").first)
    assert "我的手机" not in page.inner_text("main")
    button(page, "退出")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_selector(".notice.is-wrong:not([hidden])")
    assert page.url.startswith(_at(house, "/sign-in"))


def test_a_person_comes_to_her_own_page_with_a_passkey_alone(house: House) -> None:
    desk = house.signed_in("limin")
    case = take_in(desk)
    number, code = slip(desk, case, "女方")
    page = _with_device(house)
    page.goto(_at(house, "/mine/sign-in"))
    page.fill("#number", number)
    page.fill("#code", code)
    follow(page, page.locator("main form button").first)
    assert page.url == _at(house, "/mine")
    _add(house, page)
    link(page, "抄好了")
    page.goto(_at(house, "/mine"))
    button(page, "退出")
    assert page.url == _at(house, "/mine/sign-in")
    button(page, "用通行密钥登录")
    assert page.url == _at(house, "/mine")
    assert "机构欠您的事" in page.inner_text("main")
    # From now on number and code alone are not enough.
    button(page, "退出")
    page.fill("#number", number)
    page.fill("#code", code)
    follow(page, page.locator("main form button").first)
    assert page.url == _at(house, "/sign-in/second")


def test_a_device_that_does_not_ask_for_its_lock_opens_nothing(house: House) -> None:
    page = _with_device(house, unlocks=False)
    sign_in(page, "wang", PASSWORD)
    page.goto(_at(house, "/account/passkey"))
    page.get_by_role("button", name="用这台设备添加").click()
    page.wait_for_selector("[data-fault]:not([hidden])")
    page.goto(_at(house, "/account"))
    assert page.locator("#s-passkeys ~ ul").count() == 0


def test_without_script_the_passwords_form_works_and_no_dead_button_is_shown(house: House) -> None:
    page = house.visitor(javascript=False)
    page.goto("/sign-in")
    assert not page.get_by_role("button", name="用通行密钥登录").is_visible()
    sign_in(page, "wang", PASSWORD)
    page.goto("/account/passkey")
    assert "验证码应用" in page.inner_text("main")
