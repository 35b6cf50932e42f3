"""Files and functions stay small enough to be read; what is longer says why."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yipan

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(yipan.__file__).parent
LONGEST_FILE: Final = 500
LONGEST_FUNCTION: Final = 60
NINE_OF_TEN_FUNCTIONS: Final = 30

#: What may be longer (`room/file.py` or `room/file.py:function`), each with its reason in one line.
EXCEPTIONS: Final[dict[str, str]] = {}


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:  # written by Django; what is written by hand there is SQL
            yield str(path.relative_to(SOURCE)), path.read_text(encoding="utf-8")


def functions() -> Iterator[tuple[str, int]]:
    for name, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield f"{name}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_too_long() -> None:
    lengths = {name: len(text.splitlines()) for name, text in sources()}
    assert lengths
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE and name not in EXCEPTIONS} == {}


def test_no_function_is_too_long() -> None:
    assert {name: n for name, n in functions() if n > LONGEST_FUNCTION and name not in EXCEPTIONS} == {}


def test_nine_functions_of_ten_are_short() -> None:
    lengths = [length for _, length in functions()]
    assert statistics.quantiles(lengths, n=10)[-1] <= NINE_OF_TEN_FUNCTIONS


def test_each_exception_is_still_needed_and_has_a_reason() -> None:
    long = {name for name, n in functions() if n > LONGEST_FUNCTION}
    long |= {name for name, text in sources() if len(text.splitlines()) > LONGEST_FILE}
    assert set(EXCEPTIONS) <= long
    assert all(EXCEPTIONS.values())
