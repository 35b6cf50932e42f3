"""The one formula of a return's sheet, computed as spreadsheets define its functions, is the digest that the contract asks for.

No spreadsheet program runs here: what is computed is this very formula, read from the sheet, by the definitions of SUMPRODUCT, ROW and
COLUMN in ISO/IEC 26300 (OpenFormula), arrays taken element by element. That LibreOffice follows them, `make soak` proves.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string

from tests.duties.cast import at, permit
from tests.statistics.filled import CONTENT, DIGEST, FIRST, empty
from yipan.registry.headcounts import townships_of
from yipan.statistics import returns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

COUNTY: Final = "460108"
MONTH, NOW = "2026-02", at("2026-03-02T10:00")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<area>\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?\d+)|(?P<number>\d+)|(?P<name>[A-Z]+)|(?P<mark>[-+*(),]))"
)
Grid = list[list[Any]]


class Formula:
    """A formula of a sheet, computed: numbers, areas, + - *, and the functions it is given."""

    def __init__(self, sheet: Worksheet, text: str) -> None:
        """Take the formula apart."""
        self.sheet = sheet
        body = text.removeprefix("=")
        self.tokens = [(each.lastgroup or "", each[each.lastgroup or 0]) for each in _TOKEN.finditer(body)]
        assert "".join(text for _, text in self.tokens) == body.replace(" ", ""), body
        self.next = 0

    def value(self) -> Any:  # noqa: ANN401  # a number, or a grid of cells
        """Compute it."""
        found = self.sum()
        assert self.next == len(self.tokens)
        return found

    def sum(self) -> Any:  # noqa: ANN401  # the same
        """Read what is added and taken away."""
        found = self.product()
        while self.mark() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            found = each_of(found, self.product(), lambda a, b, sign=sign: number(a) + sign * number(b))
        return found

    def product(self) -> Any:  # noqa: ANN401  # the same
        """Read what is multiplied."""
        found = self.part()
        while self.mark() == "*":
            self.take()
            found = each_of(found, self.part(), lambda a, b: number(a) * number(b))
        return found

    def part(self) -> Any:  # noqa: ANN401  # the same
        """Read a number, an area, a function, or what stands in brackets."""
        sort, text = self.tokens[self.next]
        self.next += 1
        if sort == "number":
            return int(text)
        if sort == "area":
            return [
                [(cell.row, cell.column, cell.value) for cell in row]
                for row in self.sheet[text.replace("$", "")]
            ]
        if sort == "name":
            assert self.take() == "("
            said = [self.sum()]
            while self.mark() == ",":
                self.take()
                said.append(self.sum())
            assert self.take() == ")"
            return FUNCTIONS[text](*said)
        assert text == "("
        found = self.sum()
        assert self.take() == ")"
        return found

    def mark(self) -> str:
        """Return the mark that comes, if one does."""
        return self.tokens[self.next][1] if self.next < len(self.tokens) else ""

    def take(self) -> str:
        """Pass over what comes."""
        self.next += 1
        return self.tokens[self.next - 1][1]


def number(cell: Any) -> int:  # noqa: ANN401  # a cell, or a number
    """Return a cell as a number; outside SUMPRODUCT an area stands only within ROW and COLUMN."""
    assert isinstance(cell, int), cell
    return cell


def each_of(left: Any, right: Any, do: Callable[..., int]) -> Any:  # noqa: ANN401  # numbers or grids
    """Do something with two values element by element; a number goes with each of a grid."""
    grid = left if isinstance(left, list) else right
    if not isinstance(grid, list):
        return do(left, right)
    return [
        [
            do(
                left[r][c] if isinstance(left, list) else left,
                right[r][c] if isinstance(right, list) else right,
            )
            for c in range(len(grid[0]))
        ]
        for r in range(len(grid))
    ]


def row(area: Grid) -> Grid:
    """ROW of an area: the number of the row of each of its rows, one column wide; spread over the columns where it meets a wider one."""
    return [[cell[0] for cell in each] for each in area]


def column(area: Grid) -> Grid:
    """COLUMN of an area, the same for columns."""
    return [[cell[1] for cell in each] for each in area]


def sumproduct(*grids: Grid) -> int:
    """Multiply element by element and add up; what is no number counts as zero."""

    def plain(cell: Any) -> int:  # noqa: ANN401  # a cell of an area, or a number
        held = cell[2] if isinstance(cell, tuple) else cell
        return held if isinstance(held, int) and not isinstance(held, bool) else 0

    total = 0
    for r in range(len(grids[0])):
        for c in range(len(grids[0][0])):
            product = 1
            for grid in grids:
                product *= plain(grid[r][c])
            total += product
    return total


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {"SUMPRODUCT": sumproduct, "ROW": row, "COLUMN": column}


@pytest.mark.parametrize("kind", ["police", "housing", "commerce", "hospital"])
def test_the_formula_of_the_sheet_comes_to_the_digest_of_the_contract(kind: str, installation: Path) -> None:
    assert installation.is_dir()
    office = f"{COUNTY}:{kind}"
    book = empty(office, MONTH)
    sheet = book.worksheets[0]
    formula = str(sheet[DIGEST].value)
    assert formula.startswith("=SUMPRODUCT(")
    area = re.findall(r"\$([A-Z]+)\$(\d+):\$([A-Z]+)\$(\d+)", formula)[0]
    # It spans all counts and nothing else.
    assert (area[0], int(area[1])) == ("C", FIRST)
    assert int(area[3]) == FIRST + len(townships_of(office)) - 1
    for at_row in range(FIRST, int(area[3]) + 1):
        for at_column in range(3, column_index_from_string(area[2]) + 1):
            sheet.cell(at_row, at_column).value = (7 * at_row + 11 * at_column) % 40
    sheet[CONTENT] = "有数字"
    digest = Formula(sheet, formula).value()
    assert digest > 0
    sheet[DIGEST] = digest
    raw = io.BytesIO()
    book.save(raw)
    assert returns.check(permit(office, NOW), raw.getvalue(), MONTH, NOW).state == returns.LOADED
    # A count lost after it was computed no longer fits.
    late = load_workbook(io.BytesIO(raw.getvalue()))
    late.worksheets[0].cell(FIRST, 3).value = 999
    changed = io.BytesIO()
    late.save(changed)
    found = returns.check(permit(office, NOW), changed.getvalue(), MONTH, NOW)
    assert [each.code for each in found.reasons] == ["wrong-digest"]
