"""A complaint through the page, the office's breaches as they appear by themselves, and what is said of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.conftest import COUNTY_ABOVE, DESK, House, button, link

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

WHAT_HAPPENED = "办证时被要求交十元工本费"


def supervisor(house: House) -> Page:
    """Open the worklist of the county office."""
    page = house.signed_in("zhao")
    page.goto("/office")
    page.get_by_label("天河区卫生健康局").check()
    button(page, "继续")
    return page


def fill(page: Page, of_whom: str = "office", about: str = "money-asked") -> None:
    page.goto("/record/complaint.filed")
    page.fill("#f-against", DESK)
    page.check(f"input[name=of_whom][value={of_whom}]")
    page.select_option("#f-about", about)
    page.check("input[name=came_by][value=counter]")
    page.fill("#f-what_happened", WHAT_HAPPENED)


def kept() -> tuple[int, int]:
    """Return how many entries and how many files of evidence there are in the house, of all offices."""
    import psycopg  # noqa: PLC0415  # in the thread that asks the database

    from yipan import database  # noqa: PLC0415  # the same

    with psycopg.connect(**database.connect_info("owner")) as owner:
        row = owner.execute("SELECT (SELECT count(*) FROM duties_event), (SELECT count(*) FROM documents_evidence)").fetchone()  # fmt: skip
    assert row
    return row[0], row[1]


def test_a_complaint_goes_from_its_number_to_the_order_to_correct_and_shows_red(house: House) -> None:
    page = supervisor(house)
    fill(page)
    button(page, "提交并记录")
    case = page.url
    link(page, "给投诉人编号回执")
    page.fill("#f-number", "2026-0031")
    button(page, "提交并记录")
    link(page, "记录调查结果")
    page.check("input[name=result][value=founded]")
    page.select_option("#f-about", "money-asked")
    page.select_option("#f-side", "home")
    page.fill("#f-findings", "收据在卷")
    button(page, "提交并记录")
    link(page, "提请有权机构责令改正")
    # Who may order it comes into the case here, and is asked for.
    page.fill("#f-corrector", f"{COUNTY_ABOVE}:government")
    page.check("input[name=channel][value=letter]")
    page.fill("#f-breach", "违反第十七条")
    button(page, "提交并记录")
    assert page.url == case
    assert "对未尽职责的机构责令改正" in page.inner_text("main")
    page.goto("/breaches")
    row = page.locator("tbody tr", has_text="户籍地出具证明收钱")
    assert "红色" in row.inner_text()
    assert "上一级人民政府" in row.inner_text()
    assert WHAT_HAPPENED not in page.inner_text("main")


def test_an_overdue_duty_is_a_breach_by_itself_and_a_red_one_stands_before_it(house: House) -> None:
    page = supervisor(house)
    fill(page, about="pressure")
    button(page, "提交并记录")
    link(page, "记录调查结果")
    page.check("input[name=result][value=founded]")
    page.select_option("#f-about", "pressure")
    page.select_option("#f-side", "residence")
    page.fill("#f-findings", "属实")
    button(page, "提交并记录")
    house.now = house.now.replace(month=5)
    page.goto("/breaches")
    titles = page.locator("tbody th").all_inner_texts()
    late = next(at for at, text in enumerate(titles) if "县级以上主管部门未尽职责" in text)
    red = next(at for at, text in enumerate(titles) if "施压要求检查" in text)
    assert red < late
    assert "投诉查清并答复" in titles[late]


def test_a_report_about_a_person_is_refused_with_a_sentence_and_neither_word_nor_file_is_kept(
    house: House, tmp_path: Path
) -> None:
    page = supervisor(house)
    before = house.elsewhere(kept)
    fill(page, of_whom="person")
    photograph = tmp_path / "照片.txt"
    photograph.write_text("某户", "utf-8")
    page.set_input_files("input[type=file]", str(photograph))
    button(page, "提交并记录")
    said = page.inner_text("main")
    assert "这里只受理对机构的投诉" in said
    assert "不接收、不保存" in said
    assert WHAT_HAPPENED not in page.content()
    assert house.elsewhere(kept) == before


def test_what_is_missing_of_a_complaint_is_said_box_by_box_and_what_was_typed_is_kept(house: House) -> None:
    page = supervisor(house)
    page.goto("/record/complaint.filed")
    page.fill("#f-against", DESK)
    page.fill("#f-complainant_phone", "打不通")
    page.fill("#f-what_happened", WHAT_HAPPENED)
    button(page, "提交并记录")
    said = page.locator("[role=alert]").inner_text()
    assert all(words in said for words in ("投诉的是谁", "投诉事项", "投诉方式", "请填写电话号码"))
    assert page.input_value("#f-what_happened") == WHAT_HAPPENED


def test_the_page_of_breaches_is_in_english_too_and_needs_no_script(house: House) -> None:
    page = house.signed_in("limin", javascript=False)
    page.goto("/breaches")
    button(page, "English")
    assert "Breaches" in page.inner_text("h1")
