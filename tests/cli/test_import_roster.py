"""`import roster` at the door: the sheets townships really keep, what goes in, what goes back, what is never kept."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from tests.registry.rosters import SENTINEL, Sheet, book, text
from yipan.offices.divisions import read_divisions
from yipan.registry.matching import check_digit
from yipan.registry.staging import PART

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from tests.cli.program import Program

#: A roster of so many parts is stopped after its first.
PARTS = 4
HEADINGS = ["序号", "姓名", "公民身份号码", "户籍地", "现居住地", "流入日期"]
#: Every test gets a township of its own to work in: the journal is never emptied.
_townships = itertools.count(1)
_numbers = itertools.count(1)


@pytest.fixture
def office() -> str:
    """Give a township that no other test has used."""
    codes = [each.code for each in read_divisions() if each.code.startswith("4407") and len(each.code) == 9]
    return codes[next(_townships)]


def number(birth: str = "19900512", region: str = "450921") -> str:
    """Return a valid identity number that no other row bears."""
    body = f"{region}{birth}{next(_numbers) % 1000:03d}"
    return body + check_digit(body)


def person(name: str, its: str | None = None, **said: str) -> list[str]:
    """Return a row under HEADINGS."""
    home, here = said.get("home", "广西容县容州镇"), said.get("here", "")
    return ["1", name, its or number(), home, here, said.get("since", "2024-03-02")]


def kept(path: Path, content: bytes) -> str:
    """Write a file and return its path."""
    path.write_bytes(content)
    return str(path)


def rows_of(path: Path, sheet: str) -> list[dict[str, str]]:
    """Return the rows of a sheet of the workbook that went back, by heading."""
    page: Worksheet = load_workbook(path)[sheet]
    lines = [[str(cell or "") for cell in line] for line in page.iter_rows(values_only=True)]
    head = next(at for at, line in enumerate(lines) if "姓名" in line)
    return [dict(zip(lines[head], line, strict=True)) for line in lines[head + 1 :] if any(line)]


def entered(yipan: Program, path: str, office: str, *more: str) -> Any:  # noqa: ANN401  # as the program prints it
    """Import a roster, whether rows go back or not, and return what the command prints."""
    answer = yipan.run("import", "roster", path, "--office", office, "--json", *more)
    assert answer.code in (0, 1), answer.err
    assert (answer.code == 1) == (answer.value["rejected"] > 0)
    return answer.value


def test_a_workbook_with_titles_and_footers_goes_in_and_every_row_opens_its_duty(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    rows: Sequence[Sequence[object]] = [
        ["流动人口登记花名册"],
        HEADINGS,
        person("李 秀 兰"),
        person("欧阳娜"),
        ["填表人：", "王五"],
    ]
    path = kept(
        tmp_path / "名册.xlsx",
        book({"一村": rows, "二村": [HEADINGS, person("单雄信")], "说明": [["填写说明"]]}),
    )
    found = entered(yipan, path, office, "--ground", "consent")
    assert (found["rows"], found["accepted"], found["duties"]) == (3, 3, 3)
    assert found["events"] == 4, "three people, and the officer's statement"
    duties = yipan.json("duties", "--office", office, "--open")
    assert [each["rule"] for each in duties] == ["person-cert-submit-30d"] * 3
    assert {each["owed_to"] for each in duties} == {"person"}


def test_nobody_is_enrolled_unless_somebody_says_that_she_agreed(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    path = kept(tmp_path / "名册.csv", text([HEADINGS, person("李秀兰")]))
    answer = yipan.run("import", "roster", path, "--office", office, "--json")
    assert (answer.code, answer.value["error"]) == (2, "consent-needed")
    assert yipan.json("duties", "--office", office) == []


def test_a_row_that_says_no_is_one_more_in_the_head_count_and_nowhere_a_name(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    rows = [
        [*HEADINGS, "本人是否同意"],
        [*person("李秀兰"), "是"],
        [*person(f"{SENTINEL}甲"), "否"],
        [*person("王芳"), ""],
    ]
    path = kept(tmp_path / "名册.csv", text(rows))
    back = tmp_path / "退回.xlsx"
    found = entered(yipan, path, office, "--rejects", str(back))
    assert (found["accepted"], found["declined"], found["rejected"]) == (1, 1, 1)
    assert [row["姓名"] for row in rows_of(back, "退回")] == ["王芳"]
    assert not _files_with(yipan.home, SENTINEL)
    # The same file again, mended: who said no is not counted twice.
    again = kept(tmp_path / "再来.csv", text([*rows[:3], [*rows[3][:-1], "是"]]))
    assert entered(yipan, again, office)["events"] == 1


def test_the_same_file_twice_changes_nothing(yipan: Program, office: str, tmp_path: Path) -> None:
    path = kept(tmp_path / "名册.csv", text([HEADINGS, person("李秀兰"), person("王芳")], "gb18030"))
    first = entered(yipan, path, office, "--ground", "consent")
    before = yipan.json("journal", "verify")["events"]
    second = entered(yipan, path, office, "--ground", "consent")
    assert (first["accepted"], second["accepted"], second["duplicates"], second["events"]) == (2, 0, 2, 0)
    assert yipan.json("journal", "verify")["events"] == before


def test_what_goes_back_is_mended_and_sent_again(yipan: Program, office: str, tmp_path: Path) -> None:
    rows = [
        HEADINGS,
        person("李秀兰"),
        person("王芳", since="2024-02-31"),
        person("", number()),
        person("赵敏", home="不知道什么地方"),
        person("周杰", since="2099-01-01"),
    ]
    path, back = kept(tmp_path / "名册.xlsx", book({"名册": rows})), tmp_path / "退回.xlsx"
    found = entered(yipan, path, office, "--ground", "consent", "--rejects", str(back))
    assert (found["accepted"], found["rejected"]) == (1, 4)
    page: Worksheet = load_workbook(back)["退回"]
    reasons = " ".join(str(cell) for line in page.iter_rows(values_only=True) for cell in line if cell)
    for reason in ("没有这一天", "没有姓名", "认不出是哪里", "在今天之后"):
        assert reason in reasons
    mended = _mend(
        back,
        {
            "王芳": ("流入日期", "2024-02-29"),
            "赵敏": ("户籍地", "重庆市万州区"),
            "周杰": ("流入日期", "2024-01-01"),
        },
    )
    found = entered(yipan, mended, office, "--ground", "consent")
    assert (found["accepted"], found["rejected"], found["duplicates"]) == (3, 1, 0)


def _mend(path: Path, changes: dict[str, tuple[str, str]]) -> str:
    made = load_workbook(path)
    page = made["退回"]
    head = next(row for row in page.iter_rows() if any(cell.value == "姓名" for cell in row))
    at = {str(cell.value): cell.column or 0 for cell in head}
    for row in page.iter_rows(min_row=(head[0].row or 0) + 1):
        heading, value = changes.get(str(row[at["姓名"] - 1].value), ("", ""))
        if heading:
            page.cell(row=row[0].row or 0, column=at[heading], value=value)
    made.save(path)
    return str(path)


def test_a_wrong_check_digit_goes_in_with_a_warning(yipan: Program, office: str, tmp_path: Path) -> None:
    right = number()
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    path = kept(tmp_path / "名册.csv", text([HEADINGS, person("李秀兰", wrong)]))
    found = entered(yipan, path, office, "--ground", "consent")
    assert found["accepted"] == 1
    assert "number-to-confirm" in [each["code"] for each in found["warnings"]]


def test_one_number_twice_is_told_apart_from_one_number_under_two_names(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    one, other = number(), number()
    rows = [
        HEADINGS,
        person("吕小明", one),
        person("呂小明", one),
        person("王芳", other),
        person("陈强", other),
    ]
    path, back = kept(tmp_path / "名册.csv", text(rows)), tmp_path / "退回.xlsx"
    found = entered(yipan, path, office, "--ground", "consent", "--rejects", str(back))
    assert (found["accepted"], found["duplicates"], found["rejected"]) == (2, 1, 1)
    assert [row["姓名"] for row in rows_of(back, "重复")] == ["呂小明"]
    assert [row["姓名"] for row in rows_of(back, "退回")] == ["陈强"]


def test_the_old_number_of_fifteen_digits_is_the_same_person(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    new = number()
    old = new[:6] + new[8:17]
    path = kept(tmp_path / "名册.csv", text([HEADINGS, person("李秀兰", new)]))
    entered(yipan, path, office, "--ground", "consent")
    later = kept(tmp_path / "后来.csv", text([HEADINGS, person("李秀兰", old)]))
    found = entered(yipan, later, office, "--ground", "consent")
    assert (found["accepted"], found["duplicates"]) == (0, 1)


def test_who_may_be_the_same_person_is_asked_and_never_merged(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    one = number("19870321")
    slip = f"{one[:15]}{(int(one[15]) + 1) % 10}{one[16]}"
    slip += check_digit(slip)
    rows = [HEADINGS, person("李秀兰", one), person("李秀蘭", slip)]
    found = entered(yipan, kept(tmp_path / "名册.csv", text(rows)), office, "--ground", "consent")
    assert (found["accepted"], found["questions"]) == (2, 1)


def test_that_she_is_enrolled_elsewhere_is_not_hinted_at(yipan: Program, office: str, tmp_path: Path) -> None:
    path = kept(tmp_path / "名册.csv", text([HEADINGS, person("李秀兰")]))
    entered(yipan, path, office, "--ground", "consent")
    elsewhere = entered(yipan, path, "450921100", "--ground", "consent")
    counts = ("accepted", "rejected", "duplicates", "questions", "events")
    assert [elsewhere[each] for each in counts] == [1, 0, 0, 0, 2]


def test_what_a_sheet_must_not_bring_is_named_and_kept_nowhere(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    forbidden = ["避孕措施", "孕情", "子女数", "孩次", "末次三查日期", "婚育证明编号", "备注"]
    values = [f"{SENTINEL}{number_}" for number_ in range(len(forbidden))]
    rows = [
        ["流动人口花名册"],
        [*HEADINGS, *forbidden],
        [*person("李秀兰"), *values],
        [*person("王芳", since="2024-02-31"), *values],
        [*person("李秀兰", "12"), *values],
    ]
    back = tmp_path / "退回.xlsx"
    path = kept(tmp_path / "名册.xlsx", book({"名册": Sheet(rows=rows)}))
    found = entered(yipan, path, office, "--ground", "consent", "--rejects", str(back))
    assert (found["accepted"], found["rejected"]) == (1, 2)
    said = " ".join(each["zh"] for each in found["warnings"])
    assert all(heading in said for heading in forbidden)
    yipan.json("sweep")
    assert not _files_with(yipan.home, SENTINEL)
    assert not any(SENTINEL in str(cell) for cell in _cells(back))
    temporary = Path(tempfile.gettempdir())
    fresh = [
        each for each in temporary.glob("*") if each.is_file() and each.stat().st_mtime > time.time() - 120
    ]
    assert not [each for each in fresh if SENTINEL.encode() in each.read_bytes()]


def _cells(path: Path) -> list[object]:
    return [
        cell for page in load_workbook(path) for line in page.iter_rows(values_only=True) for cell in line
    ]


def _files_with(folder: Path, word: str) -> list[Path]:
    """Return the files under a folder, the database's own among them, in which a word stands in any writing."""
    found = []
    forms = [word.encode(each) for each in ("utf-8", "gb18030", "utf-16-le")]
    for base, _, names in os.walk(folder):
        for name in names:
            path = Path(base) / name
            if path.is_file() and not path.is_socket():
                content = path.read_bytes()
                found += [path] if any(form in content for form in forms) else []
    return found


def test_a_file_that_is_no_roster_is_refused_with_what_to_do(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    path = kept(tmp_path / "照片.xlsx", b"\xff\xd8\xff\xe0" + bytes(500))
    answer = yipan.run("import", "roster", path, "--office", office, "--ground", "consent", "--json")
    assert (answer.code, answer.value["error"]) == (1, "roster-of-another-kind")
    assert "请用 Excel" in answer.value["zh"]


def many(count: int) -> bytes:
    """Return a table of people with numbers of their own."""
    rows = [HEADINGS]
    for at in range(count):
        body = f"4509211{960 + at // 20000:03d}{at // 1000 % 12 + 1:02d}{at // 12000 % 28 + 1:02d}{at % 1000:03d}"
        rows.append(person(f"李{chr(0x4E00 + at % 5000)}", body + check_digit(body)))
    return text(rows)


def test_two_hands_enter_what_one_would(yipan: Program, office: str, tmp_path: Path) -> None:
    path = kept(tmp_path / "名册.csv", many(8_100))
    found = entered(yipan, path, office, "--ground", "consent", "--hands", "2")
    assert (found["rows"], found["accepted"], found["duplicates"]) == (8_100, 8_100, 0)
    assert found["events"] == 8_101


def test_an_import_that_is_stopped_goes_on_where_it_was(yipan: Program, office: str, tmp_path: Path) -> None:
    path = kept(tmp_path / "名册.csv", many(PARTS * PART))
    command = ("import", "roster", path, "--office", office, "--ground", "consent", "--hands", "1", "--json")
    watching, shown = pty.openpty()
    running = yipan.start_watched(shown, *command)
    os.close(shown)
    with open(watching, "rb", buffering=0) as screen:  # noqa: PTH123  # no path: a terminal's own end
        said = b""
        while not re.search(rb"[1-9][0-9]* entered|\xe5\xb7\xb2\xe5\xbd\x95\xe5\x85\xa5 [1-9]", said):
            said += screen.read(1024)
        running.send_signal(signal.SIGINT)
        running.communicate()
    assert running.returncode == 130
    there = len(yipan.json("duties", "--office", office))
    assert 0 < there < PARTS * PART
    found = entered(yipan, path, office, "--ground", "consent")
    assert (found["accepted"], found["duplicates"]) == (PARTS * PART, 0)


def test_two_rosters_of_the_same_people_at_the_same_time_enrol_each_once(
    yipan: Program, office: str, tmp_path: Path
) -> None:
    lines = many(4_000).splitlines()
    turned = b"\r\n".join([lines[0], *reversed(lines[1:])]) + b"\r\n"
    running = [
        yipan.start("import", "roster", path, "--office", office, "--ground", "consent", "--json")
        for path in (
            kept(tmp_path / "名册.csv", many(4_000)),
            kept(tmp_path / "倒着.csv", turned),
        )
    ]
    told = [json.loads(each.communicate()[0]) for each in running]
    assert [each.returncode for each in running] == [0, 0]
    assert sum(each["accepted"] for each in told) == 4_000
    assert sum(each["duplicates"] for each in told) == 4_000
    assert len(yipan.json("duties", "--office", office)) == 4_000
