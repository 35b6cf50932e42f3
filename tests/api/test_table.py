"""No command without a decision: by which operation a program does the same, or why none does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from tests.cli.test_help import ALL, GROUPS
from yipan.api.urls import api

TABLE: Final = Path(__file__).parent / "table.yaml"
#: Operations that no command has: they say where others are.
BESIDE: Final = {"GET /health"}


def operations() -> set[str]:
    """Return every operation as the table writes it."""
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item}


def test_every_command_has_an_operation_or_a_reason_and_no_other_has_a_row() -> None:
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    assert set(rows) == set(ALL) - GROUPS, "decide in tests/api/table.yaml"
    for name, row in rows.items():
        assert len(row) == 1, name
        assert row.get("by") or len(row.get("not", "")) > 10, name


def test_every_operation_of_the_table_is_one_and_every_one_is_there() -> None:
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    named = {each for row in rows.values() for each in row.get("by", ())}
    assert named - operations() == set()
    assert operations() - named == BESIDE - named
