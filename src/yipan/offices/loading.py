"""The first set of organisations: every division of the carried table, with the kinds known at its level.

Loaded with COPY into a temporary table and INSERT from there, in seconds; a second load changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from django.db import connections, transaction

from yipan.offices.divisions import CARRIED, Division, Level, read_divisions
from yipan.offices.office import DEFAULT_KIND, Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The owner's door: which organisations there are is set up with the tables, not changed at a desk.
OWNER: Final = "owner"
KINDS: Final = Path(__file__).parent / "data" / "kinds.yaml"

_STAGE = """
CREATE TEMPORARY TABLE staged (
    id text PRIMARY KEY, division text, kind text, level text, name text, place text, supervisor text, depth smallint
) ON COMMIT DROP
"""
_TAKE = """
INSERT INTO offices_organisation (id, division, kind, level, name, place, supervisor_id)
SELECT id, division, kind, level, name, place, supervisor FROM staged ORDER BY depth, id
ON CONFLICT DO NOTHING
"""
_DRAW_LINES = """
WITH RECURSIVE climbing(organisation_id, superior_id, depth) AS (
    SELECT id, id, 0 FROM staged
    UNION ALL
    SELECT climbing.organisation_id, above.supervisor, climbing.depth + 1
      FROM climbing JOIN staged above ON above.id = climbing.superior_id
     WHERE above.supervisor IS NOT NULL
)
INSERT INTO offices_line (organisation_id, superior_id, depth)
SELECT organisation_id, superior_id, depth FROM climbing
ON CONFLICT DO NOTHING
"""


def read_kinds() -> list[dict[str, Any]]:
    """Return the kinds of organisation with their names by level, from the data file."""
    found: list[dict[str, Any]] = yaml.safe_load(KINDS.read_text(encoding="utf-8"))
    return found


def load_organisations(path: Path = CARRIED) -> int:
    """Make every organisation of the table known, and return how many there are now."""
    divisions = {each.code: each for each in read_divisions(path)}
    connection = connections[OWNER]
    with transaction.atomic(using=OWNER), connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY staged FROM STDIN") as copy:
            for row in _rows(divisions):
                copy.write_row(row)
        cursor.execute("ANALYZE staged")
        cursor.execute(_TAKE)
        cursor.execute(_DRAW_LINES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE offices_organisation")
        cursor.execute("ANALYZE offices_line")
    connection.close()
    return Organisation.objects.count()


def _rows(divisions: Mapping[str, Division]) -> Iterator[tuple[object, ...]]:
    places = {code: _place(division, divisions) for code, division in divisions.items()}
    for kind in read_kinds():
        for division in divisions.values():
            pattern = kind["names"].get(division.level.value)
            if pattern:
                supervisor = _supervisor(kind, division, divisions)
                yield (
                    _id(division.code, kind["kind"]), division.code, kind["kind"], division.level.value,
                    _name(kind, division, pattern), places[division.code], supervisor, _depth(division),
                )  # fmt: skip


def _id(code: str, kind: str) -> str:
    return code if kind == DEFAULT_KIND else f"{code}:{kind}"


def _name(kind: Mapping[str, Any], division: Division, pattern: str) -> str:
    for ending, other in kind.get("endings", {}).get(division.level.value, {}).items():
        if division.name.endswith(ending):
            pattern = other
    return pattern.format(name=division.name)


def _supervisor(kind: Mapping[str, Any], division: Division, divisions: Mapping[str, Division]) -> str | None:
    """Return the next organisation of the same kind above, past levels where the kind is not known."""
    code = division.parent
    while code is not None:
        above = divisions[code]
        if above.level.value in kind["names"]:
            return _id(code, kind["kind"])
        code = above.parent
    return None


def _place(division: Division, divisions: Mapping[str, Division]) -> str:
    names, code = [], division.parent
    while code is not None and divisions[code].level is not Level.NATION:
        names.append(divisions[code].name)
        code = divisions[code].parent
    return "".join(reversed(names))


def _depth(division: Division) -> int:
    return list(Level).index(division.level)
