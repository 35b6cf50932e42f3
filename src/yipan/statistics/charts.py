"""Pictures of figures, drawn on the server as SVG. No script, no inline style; colours that print in black and white.

Each picture is only beside a table of the same numbers: who cannot see it misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

INK, SOFT, LINE, FILL, KEPT, LATE, OVERDUE = (
    "#1a1f26", "#4a5560", "#d3d9df", "#17375e", "#17643b", "#d08a1d", "#a51d1d",
)  # fmt: skip
_FAMILY: Final = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
_ROW, _BAR, _LABEL, _WIDE, _TAIL = 26, 14, 210, 340, 96
_CELL, _HEAD = 46, 120
_HUNDRED: Final = 100
#: From this share on a cell is so dark that its number is white.
_DARK: Final = 0.55


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One office: what it kept, did late and left, of what fell due; with the interval of its share where there is one."""

    label: str
    kept: int
    late: int
    overdue: int
    low: Decimal | None = None
    high: Decimal | None = None


def bars(rows: Sequence[Bar], title: str, *, width: int = _LABEL + _WIDE + _TAIL) -> str:
    """Return a bar for each office, of a hundred per cent each: in time, late, not done; the interval as a line above it."""
    height = _ROW * max(1, len(rows)) + 8
    parts = []
    for number, row in enumerate(rows):
        top, total = number * _ROW + 6, row.kept + row.late + row.overdue
        parts.append(_text(_LABEL - 8, top + 11, row.label, anchor="end"))
        parts.append(
            f'<rect x="{_LABEL}" y="{top}" width="{_WIDE}" height="{_BAR}" fill="none" stroke="{LINE}"/>'
        )
        left = float(_LABEL)
        for count, colour in ((row.kept, KEPT), (row.late, LATE), (row.overdue, OVERDUE)):
            if count and total:
                wide = _WIDE * count / total
                parts.append(
                    f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{_BAR}" fill="{colour}"/>'
                )
                left += wide
        if row.low is not None and row.high is not None:
            parts.append(_interval(top, float(row.low), float(row.high)))
        said = f"{row.kept}/{total}" if total else "–"
        parts.append(_text(_LABEL + _WIDE + 8, top + 11, said))
    return _svg(width, height, title, parts)


def _interval(top: int, low: float, high: float) -> str:
    start, end = (_LABEL + _WIDE * each / _HUNDRED for each in (low, high))
    middle = top + _BAR + 4
    ends = "".join(
        f'<line x1="{x:.1f}" y1="{middle - 3}" x2="{x:.1f}" y2="{middle + 3}" stroke="{INK}"/>'
        for x in (start, end)
    )
    return f'<line x1="{start:.1f}" y1="{middle}" x2="{end:.1f}" y2="{middle}" stroke="{INK}"/>{ends}'


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    shares: Sequence[Sequence[tuple[int, int] | None]],
    title: str,
) -> str:
    """Return a matrix of pairs: how much of what the office of the row owed that of the column it kept, the darker the less."""
    # The names over the columns lean to the right: the last one needs room beside it.
    width, height = _LABEL + _CELL * len(columns) + _HEAD * 3 // 4, _HEAD + _ROW * len(rows) + 8
    parts = []
    for number, name in enumerate(columns):
        x = _LABEL + _CELL * number + _CELL / 2
        parts.append(_text(x, _HEAD - 8, _short(name), turn=True))
    for number, name in enumerate(rows):
        top = _HEAD + _ROW * number
        parts.append(_text(_LABEL - 8, top + 17, name, anchor="end"))
        for place, held in enumerate(shares[number]):
            x = _LABEL + _CELL * place
            if held is None:
                parts.append(_cell(x, top, "none"))
                continue
            kept, due = held
            missed = 1 - kept / due if due else 0.0
            parts.append(_cell(x, top, OVERDUE, missed))
            colour = "#ffffff" if missed >= _DARK else INK
            parts.append(_text(x + _CELL / 2, top + 17, f"{kept}/{due}", anchor="middle", colour=colour))
    return _svg(width, height, title, parts)


def _cell(x: float, y: float, colour: str, opacity: float = 0.0) -> str:
    fill = f'fill="{colour}" fill-opacity="{opacity:.2f}"' if colour != "none" else 'fill="none"'
    return f'<rect x="{x}" y="{y}" width="{_CELL - 2}" height="{_ROW - 2}" {fill} stroke="{LINE}"/>'


def trend(months: Sequence[str], shares: Sequence[float | None], title: str) -> str:
    """Return a line of shares in per cent by month; a month of which nothing can be told is left out of it."""
    width, height, left, bottom = 640, 200, 44, 170
    step = (width - left - 16) / max(1, len(months) - 1)
    parts = []
    for mark in (0, 50, 100):
        y = bottom - 1.4 * mark
        parts.append(f'<line x1="{left}" y1="{y}" x2="{width - 16}" y2="{y}" stroke="{LINE}"/>')
        parts.append(_text(left - 6, y + 4, f"{mark}%", anchor="end"))
    # Broken where a month says nothing: a line across it would say that it lay between its neighbours.
    stretches: list[list[tuple[float, float]]] = [[]]
    for number, share in enumerate(shares):
        if share is None:
            stretches.append([])
        else:
            stretches[-1].append((left + step * number, bottom - 1.4 * share))
    for points in filter(None, stretches):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{FILL}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{FILL}"/>' for x, y in points]
    for number, month in enumerate(months):
        parts.append(_text(left + step * number, bottom + 20, month[2:], anchor="middle"))
    return _svg(width, height, title, parts)


def flows(pairs: Sequence[tuple[str, str, int]], title: str) -> str:
    """Return arrows from the places on the left to those on the right, as thick as what was asked between them."""
    left = sorted({each[0] for each in pairs})
    right = sorted({each[1] for each in pairs})
    most = max((each[2] for each in pairs), default=1)
    height = 36 * max(len(left), len(right), 1) + 12
    places = [{name: 36 * number + 24 for number, name in enumerate(names)} for names in (left, right)]
    parts = []
    for start, end, count in sorted(pairs, key=lambda each: -each[2]):
        y1, y2, thick = places[0][start], places[1][end], 1 + 11 * count / most
        parts.append(
            f'<path d="M150 {y1} C 260 {y1}, 380 {y2}, 490 {y2}" fill="none" stroke="{FILL}" stroke-opacity="0.45"'
            f' stroke-width="{thick:.1f}"><title>{escape(f"{start} → {end}: {count}")}</title></path>'
        )
    parts += [_text(142, y + 4, name, anchor="end") for name, y in places[0].items()]
    parts += [_text(498, y + 4, name) for name, y in places[1].items()]
    return _svg(640, height, title, parts)


def _short(name: str) -> str:
    return name if len(name) <= 8 else f"{name[:7]}…"  # noqa: PLR2004  # what fits over a column


def _text(
    x: float, y: float, said: str, *, anchor: str = "start", colour: str = INK, turn: bool = False
) -> str:
    turned = f' transform="rotate(-45 {x:.1f} {y:.1f})"' if turn else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="12"{turned}>{escape(said)}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
        f' role="img" aria-label="{escape(title)}" font-family="{_FAMILY}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
