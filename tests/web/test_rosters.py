"""The pages of rosters: looked at first, entered, stopped, given up, mended; and what a sheet must not bring."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from tests.database.users import SOURCE
from tests.registry.rosters import SENTINEL, book
from tests.web.conftest import House, button, link
from tests.web.register import HEAD, csv_file, enter, number, press_enter, search, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from playwright.sync_api import Page

HERE = "广州市天河区沙河街道"
#: How long a program beside may take to start and to end, in seconds.
PATIENCE = 90


def row(name: str, body: str, *, since: str = "2024.3.1", home: str = "河南省郑州市金水区") -> list[str]:
    return [name, number(body), "", home, HERE, since]


def counts(page: Page) -> list[int]:
    return [int(each) for each in page.locator(".counts b").all_inner_texts()]


def until(page: Page, words: str) -> None:
    """Wait until a page that asks again by itself says something."""
    end = time.monotonic() + PATIENCE
    while words not in page.inner_text("main"):
        assert time.monotonic() < end, page.inner_text("main")
        page.wait_for_timeout(300)


def test_a_roster_is_looked_at_before_anybody_is_entered(house: House) -> None:
    page = house.signed_in("limin")
    rows = [
        HEAD,
        row("方世玉", "41010519800101001", since="2024.3.1"),
        row("洪熙官", "41010519800102001", since="不记得"),
    ]
    send(page, csv_file(rows))
    assert counts(page) == [1, 1, 0, 0]
    looked = page.locator("table.looked tbody tr")
    assert looked.count() == 1
    assert "2024-03-01" in looked.inner_text()
    assert "河南省郑州市金水区" in looked.inner_text()
    assert "身份证号 → 身份证号" in page.inner_text("[aria-labelledby=columns]")
    assert "洪熙官" in page.inner_text("[aria-labelledby=back]")
    assert search(page, "方世玉") == []


def test_without_the_statement_nobody_is_entered_and_with_it_everybody_is(house: House) -> None:
    page = house.signed_in("limin")
    address = send(page, csv_file([HEAD, row("严咏春", "41010519810101002")]))
    page.locator("#stated").evaluate("each => each.removeAttribute('required')")
    press_enter(page)
    assert "请先声明" in page.inner_text("main")
    assert search(page, "严咏春") == []
    page.goto(address)
    said = enter(page)
    assert "名册已办完" in said
    assert counts(page) == [1, 0, 0, 0]
    search(page, "严咏春")
    page.locator("table.people a").click()
    assert "经办人声明" in page.inner_text("[aria-labelledby=agreement]")


def test_a_column_says_who_agrees_and_who_does_not_is_a_number(house: House) -> None:
    page = house.signed_in("limin")
    rows = [
        [*HEAD, "本人是否同意"],
        [*row("苗翠花", "41010519820101002"), "同意"],
        [*row("胡惠乾", "41010519820102001"), "不同意"],
    ]
    send(page, csv_file(rows))
    assert page.locator("#stated").count() == 0
    assert "胡惠乾" not in page.content()
    enter(page)
    assert counts(page) == [1, 0, 0, 1]
    assert len(search(page, "苗翠花")) == 1
    assert search(page, "胡惠乾") == []


def test_the_same_file_twice_changes_nothing_and_says_so_before(house: House) -> None:
    page = house.signed_in("limin")
    file = csv_file([HEAD, row("陆阿采", "41010519830101001")])
    send(page, file)
    enter(page)
    send(page, file)
    assert "有 1 人本机构已经登记" in page.inner_text("main")
    enter(page)
    assert counts(page) == [0, 0, 1, 0]
    assert len(search(page, "陆阿采")) == 1


def test_rows_go_back_in_a_workbook_that_is_mended_and_sent_again_and_then_forgotten(house: House) -> None:
    page = house.signed_in("limin")
    send(
        page,
        csv_file([HEAD, row("黄麒英", "41010519840101001"), row("苏灿", "41010519840102001", since="去年")]),
    )
    enter(page)
    result = page.url
    with page.expect_download() as fetched:
        page.get_by_role("button", name="下载退回的行").click()
    assert fetched.value.suggested_filename == "退回的行.xlsx"
    workbook = load_workbook(io.BytesIO(fetched.value.path().read_bytes()))
    sheet = workbook["退回"]
    headings = [cell.value for cell in sheet[2]]
    sheet.cell(row=3, column=headings.index("流入日期") + 1).value = "2025-01-05"
    mended = io.BytesIO()
    workbook.save(mended)
    link(page, "交改好的文件")
    send(page, {"name": "改好.xlsx", "mimeType": "application/octet-stream", "buffer": mended.getvalue()})
    assert counts(page) == [1, 0, 0, 0]
    enter(page)
    assert len(search(page, "苏灿")) == 1
    page.goto(result)
    button(page, "下载好了，从系统中删去")
    assert "只留下行数" in page.inner_text("main")
    assert page.get_by_role("button", name="下载退回的行").count() == 0


def test_a_roster_given_up_leaves_nothing(house: House) -> None:
    page = house.signed_in("limin")
    address = send(page, csv_file([HEAD, row("梁坤", "41010519850101001")]))
    button(page, "放弃")
    assert "已放弃" in page.inner_text("main")
    page.goto(address)
    assert "梁坤" not in page.content()
    assert search(page, "梁坤") == []
    intake = address.rpartition("/")[2]
    assert house.elsewhere(lambda: left_of(intake)) == (0, None)


def left_of(intake: str) -> tuple[int, object]:
    """Return how many parts of a roster are left, and its key; seen by the desk."""
    from django.db import transaction  # noqa: PLC0415  # the same

    from yipan.offices.permit import set_acting  # noqa: PLC0415  # Django is set up by `home`
    from yipan.registry.intake import Intake, IntakePart  # noqa: PLC0415  # the same

    with transaction.atomic():
        set_acting("440106004", "test", ())
        return IntakePart.objects.filter(intake_id=intake).count(), Intake.objects.get(id=intake).wrapped_key


def test_what_is_no_roster_is_refused_with_what_to_do(house: House) -> None:
    page = house.signed_in("limin")
    send(page, {"name": "信.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"x" * 100})
    assert "另存为" in page.inner_text("[role=alert]")
    page.goto("/rosters")
    button(page, "读取并预览")
    assert "请选择一份名册文件" in page.inner_text("[role=alert]")


def test_a_file_larger_than_the_page_takes_is_refused_with_the_command(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yipan.web import rosters  # noqa: PLC0415  # Django is set up by `home`

    monkeypatch.setattr(rosters, "LARGEST", 2000)
    page = house.signed_in("limin")
    people = [row("某某", f"4101051986010{each:04}") for each in range(100)]
    send(page, csv_file([HEAD, *people]))
    assert "yipan import roster" in page.inner_text("[role=alert]")


def test_a_form_without_its_token_is_refused_and_a_stranger_sees_no_roster(house: House) -> None:
    page = house.signed_in("limin")
    address = send(page, csv_file([HEAD, row("霍元甲", "41010519870101001")]))
    file = csv_file([HEAD, row("霍东阁", "41010519870102001")])
    forged = page.context.request.post(f"{house.address}/rosters", multipart={"roster": file})
    assert forged.status == 403
    stranger = house.signed_in("wang")
    answer = stranger.goto(address)
    assert answer is not None
    assert answer.status == 404
    assert "霍元甲" not in stranger.content()


def test_a_large_roster_is_read_and_entered_by_programs_beside_while_the_page_tells_how_far(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yipan.registry import beside, rosterdesk  # noqa: PLC0415  # Django is set up by `home`
    from yipan.web import rosters  # noqa: PLC0415  # the same

    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.setattr(rosters, "READ_AT_ONCE", 0)
    monkeypatch.setattr(rosterdesk, "is_small", lambda _: False)
    # The program beside asks the real clock: an office in which nothing else is recorded, at the hour it is.
    page = house.signed_in("wang")
    people = [row(f"聂{chr(0x5000 + each)}", f"41010519{70 + each % 30}0101{each:03}") for each in range(60)]
    send(page, csv_file([HEAD, *people]))
    until(page, "看一看读得对不对")
    assert counts(page)[0] == 60
    enter(page)
    until(page, "名册已办完")
    assert counts(page) == [60, 0, 0, 0]
    while beside.still_beside():  # they must have left before the server does
        time.sleep(0.1)


def test_a_roster_works_without_javascript(house: House) -> None:
    page = house.signed_in("limin", javascript=False)
    send(page, csv_file([HEAD, row("陈真", "41010519880101001")]))
    enter(page)
    assert counts(page) == [1, 0, 0, 0]


def files_below(*folders: Path) -> Iterator[Path]:
    """Yield the files below some folders, without those of the browser, which had the file to send."""
    for folder in folders:
        for path, below, names in os.walk(folder):
            below[:] = [name for name in below if "playwright" not in name and "chromium" not in name.lower()]
            yield from (Path(path) / name for name in names)


def holding(words: list[bytes], since: float, *folders: Path) -> list[str]:
    """Return the files changed since a moment in which one of some words stands."""
    found = []
    for path in files_below(*folders):
        try:
            if path.is_file() and path.stat().st_mtime >= since - 1:
                content = path.read_bytes()
                found += [str(path) for word in words if word in content]
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


def test_what_a_sheet_must_not_bring_is_named_and_lies_nowhere(house: House, yipan_home: Path) -> None:
    began = time.time()
    page = house.signed_in("limin")
    bad = [f"{SENTINEL}{each}" for each in "甲乙丙丁"]
    head = [*HEAD, "避孕措施", "孕情", "孩次", "婚育证明编号"]
    rows = [
        head,
        [*row("何静", "41010519890101002"), *bad],
        [*row("丘处机", "41010519890102001", since="去年"), *bad],
    ]
    send(page, csv_file(rows, "含禁栏.csv"))
    warned = page.locator(".forbidden").inner_text()
    assert all(name in warned for name in head[len(HEAD) :])
    assert SENTINEL not in page.content()
    enter(page)
    assert counts(page) == [1, 1, 0, 0]
    with page.expect_download() as fetched:
        page.get_by_role("button", name="下载退回的行").click()
    back = load_workbook(io.BytesIO(fetched.value.path().read_bytes()))
    assert SENTINEL not in str(
        [[cell.value for cell in line] for sheet in back for line in sheet.iter_rows()]
    )
    send(
        page, {"name": "含禁栏.xlsx", "mimeType": "application/octet-stream", "buffer": book({"名册": rows})}
    )
    # A word that must be in the database's own files shows that the search would find one.
    words = [SENTINEL.encode(), SENTINEL.encode("gb18030"), SENTINEL.encode("utf-16-le")]
    assert holding(["何静".encode()], began, yipan_home)
    assert holding(words, began, yipan_home, Path(tempfile.gettempdir()), Path("/dev/shm")) == []  # noqa: S108  # looked through, not written
