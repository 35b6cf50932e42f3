"""A department's return as plain data, the same on the command line and in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yipan.statistics.returns import Outcome, Table
    from yipan.statistics.returnstatus import Standing


def outcome_data(found: Outcome) -> dict[str, Any]:
    """Return what became of a file."""
    return {
        "state": found.state,
        "month": found.read.month,
        "form": found.read.form.id,
        "version": found.read.form.version,
        "rows": found.read.rows,
        "event": found.event,
        "replaces": found.replaced,
        "table": table_data(found.table) if found.table else None,
        "reasons": [{"code": each.code, "zh": each.zh, "en": each.en} for each in found.reasons],
        "faults": [
            {"row": each.row, "township": each.township, "column": each.column, "zh": each.zh, "en": each.en}
            for each in found.faults
        ],
    }


def table_data(table: Table) -> dict[str, Any]:
    """Return counts by township: what is small stands in `merged`, with the townships it is said together for."""
    return {
        "nil": table.nil,
        "under": table.under,
        "columns": list(table.columns),
        "counts": [
            {"township": township, "column": column, "count": count}
            for (township, column), count in sorted(table.counts.items())
        ],
        "merged": [
            {"column": each.column, "townships": list(each.townships), "count": each.count}
            for each in table.merged
        ],
        "sums": dict(table.sums),
    }


def standing_data(each: Standing) -> dict[str, Any]:
    """Return how a department's month stands."""
    return {
        "office": each.office,
        "name": each.name,
        "state": each.state,
        "due_at": each.due_at,
        "sent_at": each.sent_at,
        "content": each.content or None,
        "event": each.kept.event if each.kept else None,
        "entered_by": (each.kept.entered_by or None) if each.kept else None,
        "replaced": each.replaced,
        "kept_out": each.kept_out,
        "table": table_data(each.kept.table) if each.kept else None,
        "measures": [
            {
                "figure": one.figure,
                "top": one.top,
                "bottom": one.bottom,
                "value": None if one.value is None else float(round(one.value, 2)),
                "target": None if one.target is None else float(one.target),
            }
            for one in each.measures
        ],
    }
