"""What the tests of the register's pages share: people to enrol, rosters to send, a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.registry.rosters import text
from tests.web.conftest import button, follow
from yipan.registry.matching import check_digit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import FilePayload, Page

HEAD = ("姓名", "身份证号", "电话", "户籍地", "现住址", "来本地日期")


def number(body: str) -> str:
    """Return an identity number with its check digit."""
    return body + check_digit(body)


def enrol(page: Page, name: str, body: str, **boxes: str) -> str:
    """Enrol somebody at the counter, and return the address of her page."""
    page.goto("/record/person.enrolled")
    # The words that she agrees to are before whoever asks her: of the version of the day.
    assert "都不影响您享受任何服务" in page.inner_text("main [role=note]")
    page.fill("#f-name", name)
    page.fill("#f-identity_number", number(body))
    for box, value in boxes.items():
        page.fill(f"#f-{box}", value)
    page.check("input[name=ground][value=at-the-counter]")
    button(page, "提交并记录")
    assert "/people/" in page.url, page.inner_text("main")
    return page.url


def search(page: Page, typed: str) -> list[str]:
    """Look for somebody, and return the rows that are shown."""
    page.goto("/people")
    page.fill("#q", typed)
    page.select_option("#ground", "at-the-counter")
    follow(page, page.locator("form[role=search] button"))
    return page.locator("table.people tbody tr").all_inner_texts()


def csv_file(rows: Sequence[Sequence[object]], name: str = "名册.csv") -> FilePayload:
    """Return a roster as text, as a browser sends it."""
    return {"name": name, "mimeType": "text/csv", "buffer": text(rows)}


def send(page: Page, file: FilePayload) -> str:
    """Send a roster, and return the address of the page about it."""
    page.goto("/rosters")
    page.set_input_files("#roster", file)
    button(page, "读取并预览")
    return page.url


def press_enter(page: Page) -> None:
    """Press the button that enters a roster."""
    follow(page, page.locator("form[action$='/enter'] button"))


def enter(page: Page) -> str:
    """State that the forms are on file, enter the roster, and return what the page then says."""
    if page.locator("#stated").count():
        page.check("#stated")
    press_enter(page)
    return page.inner_text("main")
