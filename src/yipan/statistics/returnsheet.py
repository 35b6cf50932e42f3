"""Reading a department's monthly return: first whether it keeps its contract, then row by row.

A file that breaks the contract is kept out whole. What stands in a cell is never repeated: not in a reason, not in a fault,
because somebody may have written a name there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from openpyxl.utils import get_column_letter

from yipan.registry.headcounts import MOST, townships_of
from yipan.registry.headings import heading_of, recognise, tidy, words
from yipan.registry.rosterbook import EMPTY_ZIP, OLE, ZIP, read_book
from yipan.registry.rosterfaults import EmptyRosterError, RosterError
from yipan.registry.rostertext import SEPARATORS, digest_of, read_text_table
from yipan.statistics.returnform import BEFORE, CODE, CONTENTS, CONTRACT, PROBLEM, RowFault, digest_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yipan.offices.office import Organisation
    from yipan.statistics.returnform import Form

#: Rows that are read of a sheet: more than any form has.
MOST_ROWS: Final = 2000
#: What a file is called in a refusal.
_FILE: Final = "return"
#: Rows among which the contract stands.
_HEAD: Final = 40
_WHOLE: Final = re.compile(r"[0-9]{1,8}")
_NUMBER_OF_A_PERSON: Final = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_MONTH: Final = re.compile(r"([0-9]{4})[-./年]([0-9]{1,2})月?")
_LISTED: Final = 5

Row = list[object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a file is kept out whole, in both languages."""

    code: str
    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return it as a sentence."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, kw_only=True)
class ReturnRead:
    """A file as it was read. With `reasons` it breaks its contract; with `faults` it can be mended; else it can be loaded."""

    #: SHA-256 of the file.
    digest: str
    month: str
    form: Form
    nil: bool = False
    rows: int = 0
    #: By township and column.
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """The sheet of a return: what its contract says, its headings, and its rows with their numbers."""

    contract: Mapping[str, object]
    headings: Sequence[object]
    rows: Sequence[tuple[int, Row]]


def read_return(content: bytes, form: Form, office: Organisation, month: str) -> ReturnRead:
    """Read a return of a department for a month. Nothing is written, and nothing of it kept.

    How the file is called is not asked: somebody may be named in that too.
    """
    digest = digest_of(content)
    try:
        tables = list(_tables(content, _FILE))
    except RosterError as refusal:
        reason = Reason(code=refusal.code, zh=refusal.say("zh").replace(_FILE, "月报"), en=refusal.say("en"))
        return ReturnRead(digest=digest, month=month, form=form, reasons=(reason,))
    found = [sheet for sheet in map(_sheet, tables) if sheet]
    others = sum(1 for table in tables if any(_text(cell) for row in table for cell in row))
    if len(found) != 1 or others != 1:
        return ReturnRead(digest=digest, month=month, form=form, reasons=(_not_one(len(found), others),))
    sheet = found[0]
    nil = _said(sheet, "content") == "nil"
    reasons = (*_breaches(sheet, form, office, month), *_strange_columns(sheet, form), *_of_persons(sheet))
    if reasons:
        return ReturnRead(digest=digest, month=month, form=form, reasons=reasons)
    counts, faults = _read_rows(sheet, form, office, nil=nil)
    whole = tuple(_nil_or_not(counts, nil=nil)) if not faults else ()
    return ReturnRead(
        digest=digest, month=month, form=form, nil=nil, rows=len(sheet.rows), counts=counts, reasons=whole,
        faults=tuple(faults),
    )  # fmt: skip


def _tables(content: bytes, file_name: str) -> Iterator[list[Row]]:
    """Yield the rows of every sheet, hidden ones too: what nobody sees is not let in unseen."""
    if not content:
        raise EmptyRosterError(file=file_name)
    if content[: len(OLE)] == OLE or content[: len(ZIP)] in {ZIP, EMPTY_ZIP}:
        for each in read_book(content, file_name).sheets:
            rows, _ = each.read()
            yield [list(row) for row in islice(rows, MOST_ROWS)]
        return
    text = read_text_table(content, file_name)
    tried = [[list[object](row) for row in islice(text.rows(each), MOST_ROWS)] for each in SEPARATORS]
    yield next((rows for rows in tried if _sheet(rows)), tried[0])


def _sheet(rows: Sequence[Row]) -> _Sheet | None:
    """Return what a table says, where it has the lines of a contract and a line of headings."""
    contract: dict[str, object] = {}
    labels = {tidy(word): name for name, both in CONTRACT.items() for word in both.values()}
    codes = {tidy(each) for each in CODE.values()}
    for at, row in enumerate(rows[:_HEAD]):
        first = tidy(_text(row[0])) if row else ""
        if first in codes:
            if not contract:
                return None
            below = [
                (number, each)
                for number, each in enumerate(rows[at + 1 :], start=at + 2)
                # What goes back to be mended says below the table what has no row of its own.
                if any(_text(cell) for cell in _without_problems(row, each))
            ]
            return _Sheet(contract=contract, headings=row, rows=below)
        if first in labels:
            contract.setdefault(labels[first], row[1] if len(row) > 1 else "")
    return None


def _without_problems(headings: Row, row: Row) -> Row:
    ours = {tidy(each) for each in PROBLEM.values()}
    return [
        cell for at, cell in enumerate(row) if at >= len(headings) or tidy(_text(headings[at])) not in ours
    ]


def _not_one(found: int, filled: int) -> Reason:
    if not found:
        return Reason(
            code="no-contract",
            zh="文件里没有月报表样（表样、月份、行数、校验数和乡镇代码的栏目行）。请用本系统的表样填写。",
            en="The file holds no return: no lines for form, month, rows and digest above a heading Township code. Use the template.",
        )
    return Reason(
        code="more-sheets",
        zh=f"工作簿里有 {filled} 张有内容的工作表，只能有月报这一张（隐藏的也不行）。",
        en=f"{filled} sheets of the workbook hold something; only the return itself may, hidden ones included.",
    )


# ------------------------------------------------------------------------------------------- the contract


def _breaches(sheet: _Sheet, form: Form, office: Organisation, month: str) -> Iterator[Reason]:
    said = sheet.contract
    lacking = [name for name in CONTRACT if not _text(said.get(name, ""))]
    if lacking:
        zh, en = (
            "、".join(CONTRACT[name]["zh"] for name in lacking),
            ", ".join(CONTRACT[name]["en"] for name in lacking),
        )
        yield Reason(
            code="contract-incomplete",
            zh=f"表头缺：{zh}。用 Excel 或 WPS 打开并保存一次，校验数会自动算出。",
            en=f"The head of the sheet lacks: {en}. Opened and saved once, the sheet computes its digest.",
        )
    wanted = {"form": form.id, "version": form.version, "office": office.id, "month": month}
    for name, value in wanted.items():
        if name not in lacking and _said(sheet, name) != value:
            yield _unlike(name, value)
    if "content" not in lacking and _said(sheet, "content") not in CONTENTS:
        yield Reason(
            code="wrong-content",
            zh=f"“内容”应为“{CONTENTS['counts']['zh']}”或“{CONTENTS['nil']['zh']}”。",
            en=f"Content is {CONTENTS['counts']['en']} or {CONTENTS['nil']['en']}.",
        )
    if "rows" not in lacking and _said(sheet, "rows") != str(len(sheet.rows)):
        yield Reason(
            code="wrong-rows",
            zh=f"表头写的行数与表中的 {len(sheet.rows)} 行不符，可能没有传完整。",
            en=f"The head declares another number of rows than the {len(sheet.rows)} there are: part of it may be missing.",
        )
    if "digest" not in lacking and not _same_digest(sheet, form):
        yield Reason(
            code="wrong-digest",
            zh="校验数与表中数字不符：填好以后有数字变动或者丢失。请重新打开、保存再报。",
            en="The digest does not fit the counts: some were changed or lost after it was made. Open, save and send it again.",
        )


def _unlike(name: str, value: str) -> Reason:
    label = CONTRACT[name]
    return Reason(
        code=f"wrong-{name}",
        zh=f"“{label['zh']}”应为 {value}。" + ("表样已更新，请下载新的。" if name == "version" else ""),
        en=f"{label['en']} should be {value}."
        + (" The form has changed: take the new one." if name == "version" else ""),
    )


def _said(sheet: _Sheet, name: str) -> str:
    """Return what the contract says of something, as it is compared."""
    value = sheet.contract.get(name, "")
    if name == "month":
        if isinstance(value, datetime | date):
            return f"{value:%Y-%m}"
        found = _MONTH.fullmatch(_text(value))
        return f"{found[1]}-{int(found[2]):02}" if found else ""
    if name == "content":
        meant = {
            tidy(word): content for content, both in CONTENTS.items() for word in (content, *both.values())
        }
        return meant.get(tidy(_text(value)), "")
    return _text(value)


def _same_digest(sheet: _Sheet, form: Form) -> bool:
    places = _places(sheet, form)
    across = [places[column] for column in form.columns if column in places]
    counts = [[_as_counted(row[at]) if at < len(row) else 0 for at in across] for _, row in sheet.rows]
    said = _text(sheet.contract["digest"])
    return _WHOLE_OR_LONG.fullmatch(said) is not None and int(said) == digest_of_rows(counts)


_WHOLE_OR_LONG: Final = re.compile(r"[0-9]{1,18}")


def _as_counted(cell: object) -> float:
    """Return a cell as a spreadsheet counts it: text as nothing, but in a table of text, where all is text, as its digits say."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        text = _text(cell)
        return int(text) if _WHOLE.fullmatch(text) else 0
    return cell


# ------------------------------------------------------------------------------------------- the columns


def _places(sheet: _Sheet, form: Form) -> dict[str, int]:
    """Return where each column of the form stands; of two that say the same, the first."""
    found: dict[str, int] = {}
    meant = {tidy(word): name for name, both in form.columns.items() for word in (name, *both.values())}
    for at, cell in enumerate(sheet.headings):
        name = meant.get(tidy(_text(cell))) if at >= BEFORE else None
        if name:
            found.setdefault(name, at)
    return found


def _strange_columns(sheet: _Sheet, form: Form) -> Iterator[Reason]:
    """Yield why the columns are not those of the form: each by its letter and what it is about, never by what stands there."""
    places = _places(sheet, form)
    missing = [form.columns[name] for name in form.columns if name not in places]
    if missing:
        yield Reason(
            code="columns-missing",
            zh="缺少栏目：" + "、".join(each["zh"] for each in missing) + "。",
            en="Columns are missing: " + ", ".join(each["en"] for each in missing) + ".",
        )
    widest = max((len(row) for _, row in sheet.rows), default=0)
    ours = {tidy(each) for each in PROBLEM.values()}
    persons: list[tuple[str, str, str]] = []
    unknown: list[str] = []
    for at in range(BEFORE, max(widest, len(sheet.headings))):
        text = _text(sheet.headings[at]) if at < len(sheet.headings) else ""
        if at in places.values() or tidy(text) in ours:
            continue
        if not text and not any(at < len(row) and _text(row[at]) for _, row in sheet.rows):
            continue
        about = _about(text)
        letter = get_column_letter(at + 1)
        if about:
            persons.append((letter, *about))
        else:
            unknown.append(letter)
    if persons:
        yield Reason(
            code="columns-about-persons",
            zh="这些栏会写到个人，部门月报一概不收，内容没有读，也不会保存："
            + "、".join(f"第 {letter} 栏（{zh}）" for letter, zh, _ in persons)
            + "。请从表里删去。",
            en="These columns are about persons; a return carries none, they were not read and are not kept: "
            + ", ".join(f"column {letter} ({en})" for letter, _, en in persons)
            + ". Delete them from the sheet.",
        )
    if unknown:
        yield Reason(
            code="columns-unknown",
            zh=f"表样没有的栏目：第 {'、'.join(unknown)} 栏。请删去。",
            en=f"Columns that the form does not have: {', '.join(unknown)}. Delete them.",
        )


def _about(heading: str) -> tuple[str, str] | None:
    """Return what about a person a heading speaks of; None where it is about nobody."""
    column = recognise(heading)
    if column.kind == "field":
        field_name = column.means.partition(".")[0]
        return heading_of(field_name, "zh"), heading_of(field_name, "en")
    if column.kind == "forbidden":
        both = words().class_words[column.means]
        return both["zh"], both["en"]
    return ("他人信息", "somebody else") if column.kind == "other-person" else None


def _of_persons(sheet: _Sheet) -> Iterator[Reason]:
    """Yield that a cell holds what looks like somebody's number, wherever it stands."""
    places = [
        f"{get_column_letter(at + 1)}{number}"
        for number, row in sheet.rows
        for at, cell in enumerate(row)
        if _NUMBER_OF_A_PERSON.search(_text(cell))
    ]
    if places:
        listed = places[:_LISTED]
        yield Reason(
            code="numbers-of-persons",
            zh=f"单元格里像是有身份证号：{'、'.join(listed)}。没有保存，请删去。",
            en=f"Cells that seem to hold an identity number: {', '.join(listed)}. Nothing was kept; delete them.",
        )


# ---------------------------------------------------------------------------------------------- the rows


def _read_rows(
    sheet: _Sheet, form: Form, office: Organisation, *, nil: bool
) -> tuple[dict[tuple[str, str], int], list[RowFault]]:
    places, known = _places(sheet, form), dict(townships_of(office.id))
    counts: dict[tuple[str, str], int] = {}
    faults: list[RowFault] = []
    seen: set[str] = set()
    for number, row in sheet.rows:
        code = _text(row[0]) if row else ""
        if code not in known or code in seen:
            faults.append(_of_township(number, known=code in known))
            continue
        seen.add(code)
        for column, at in places.items():
            count = _count(row[at] if at < len(row) else "", nil=nil)
            if count is None:
                faults.append(_of_count(number, code, column, form.columns[column]))
            else:
                counts[code, column] = count
    for code, name in known.items():
        if code not in seen:
            zh, en = f"缺少{name}（{code}）这一行。", f"The row of {name} ({code}) is missing."
            faults.append(RowFault(row=0, township=code, column="", zh=zh, en=en))
    return counts, faults


def _count(cell: object, *, nil: bool) -> int | None:
    """Return a count; None for what is none. In a nil return an empty cell is 0."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return int(cell) if cell == int(cell) and 0 <= cell <= MOST else None
    text = unicodedata.normalize("NFKC", _text(cell))
    if not text and nil:
        return 0
    return int(text) if _WHOLE.fullmatch(text) and int(text) <= MOST else None


def _of_township(number: int, *, known: bool) -> RowFault:
    if known:
        zh, en = f"第 {number} 行的乡镇前面已经有了。", f"The township of row {number} has a row above."
    else:
        zh, en = (
            f"第 {number} 行的乡镇代码不是本辖区的。",
            f"The code in row {number} is no township of this area.",
        )
    return RowFault(row=number, township="", column="", zh=zh, en=en)


def _of_count(number: int, code: str, column: str, title: Mapping[str, str]) -> RowFault:
    return RowFault(
        row=number,
        township=code,
        column=column,
        zh=f"第 {number} 行“{title['zh']}”应为不小于 0 的整数，没有的填 0。",
        en=f"Row {number}, {title['en']}: a whole number from 0 on; write 0 for none.",
    )


def _nil_or_not(counts: Mapping[tuple[str, str], int], *, nil: bool) -> Iterator[Reason]:
    """Yield that a nil return holds counts, or that one of zeros does not say that it is nil."""
    if nil and any(counts.values()):
        yield Reason(
            code="nil-with-counts",
            zh="内容写的是“零通报”，表中却有数字。",
            en="It says that it is a nil return, and holds counts.",
        )
    if not nil and not any(counts.values()):
        yield Reason(
            code="zeros-not-nil",
            zh="全部是 0。整月没有新情况的，请把“内容”改为“零通报”再报。",
            en="All counts are 0. Where the month has nothing, set Content to Nil return and send it again.",
        )


def _text(cell: object) -> str:
    """Return a cell as text, a whole number without its point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
