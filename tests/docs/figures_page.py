"""Writes docs/reference/figures.md from the packs: `python -m tests.docs.figures_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.law.lawbook import ROOT, RULEPACKS
from yipan.law.definition import FIGURES, Definition, read_definitions
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yipan.law.figure import Figure, Target
    from yipan.law.rule import Cite

PAGE: Final = ROOT / "docs" / "reference" / "figures.md"
HEAD: Final = """\
# Figures

One definition of every indicator, report and consistency check, each from one place: the file beside the rules. Written by
`python -m tests.docs.figures_page`; a test keeps it in step. The keys are those of [rules](rules.md#definition).

They measure offices. An indicator counts duties that offices owed, or entries about no person; a duty that was released
because she said no leaves numerator and denominator alike, so that her no costs an office nothing. No figure says how
many enrolled, came or agreed.
"""
TITLES: Final = {
    "indicator": "指标 · Indicators",
    "report": "报表 · Reports",
    "consistency": "校验 · Consistency checks",
}


def figures_page() -> str:
    """Return the whole page."""
    faults = Faults()
    found = read_definitions(RULEPACKS, faults)
    assert not faults.lines, "\n".join(faults.lines)
    lines = [HEAD]
    for sort in FIGURES:
        lines.append(f"## {TITLES[sort]}\n")
        for one in sorted((each for each in found if each.sort == sort), key=lambda each: each.id):
            lines += _entry(one)
    return "\n".join(lines)


def _entry(one: Definition) -> Iterator[str]:
    figure = one.figure
    assert figure is not None
    yield f"### `{one.id}` {_both(one.title)}\n"
    if one.text:
        yield f"{one.text['zh']} {one.text['en']}\n"
    yield from (f"- {name}: {said}" for name, said in _facts(one, figure) if said)
    yield ""


def _facts(one: Definition, figure: Figure) -> Iterator[tuple[str, str]]:
    yield "Counts", _both(one.numerator)
    yield "Among", _both(one.denominator)
    yield "Holds", _both(one.contents)
    yield "Left", _both(figure.left)
    yield "Right", _both(figure.right)
    yield (
        "Must be",
        f"{figure.relation}, of {figure.ends} end{'s' * (figure.ends == 'both')}" if figure.relation else "",
    )
    yield "Measured", ", ".join(part for part in (figure.measure, figure.unit, figure.between) if part)
    yield "From duties", _codes(figure.duties)
    yield "From entries", _codes(figure.kinds)
    yield "From returns", _codes(figure.returns)
    yield "Breaches", _codes(figure.breaches)
    yield "Columns", "; ".join(_both(each) for each in figure.columns.values())
    yield "Shows", _codes(figure.indicators)
    yield "Of", f"{', '.join(one.levels)} ({', '.join(figure.bodies or ('health',))}), each {one.period}"
    yield "Goes to", _codes((figure.to,) if figure.to else ())
    yield "Signed by", _codes((figure.signed_by,) if figure.signed_by else ())
    yield "Cut by", ", ".join(figure.cut_by)
    yield "Small cells", figure.small_cells
    yield "Runs before", _codes(figure.before)
    yield "Target", "; ".join(_target(each) for each in figure.targets)
    yield "Source", _cite(one.cite)
    yield "Computed", "" if one.computed == "now" else "by later work"


def _target(target: Target) -> str:
    number = "no number given" if target.at_least is None else f"{target.at_least}"
    years = f" in {', '.join(target.years)}" if target.years else ""
    implied = ", implied by a limit without tolerance" if target.implied else ""
    return f"{number} under `{target.pack}`{years}{implied} ({_cite(target.cite)})"


def _cite(cite: Cite) -> str:
    if cite.set_by:
        return f"set by {cite.set_by}"
    return f"{cite.doc} {cite.article}" + (f"「{cite.quote}」" if cite.quote else "")


def _both(said: Mapping[str, str]) -> str:
    return f"{said['zh']} · {said['en']}" if said else ""


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(figures_page(), encoding="utf-8")
