"""Writes docs/reference/coverage.md from the map beside the packs: `python -m tests.docs.coverage_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.law.lawbook import ROOT, RULEPACKS
from yipan.law.coverage import DECLINE, SCHEMA, Coverage, read_coverage
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yipan.law.coverage import Entry, Row, Target

PAGE = ROOT / "docs" / "reference" / "coverage.md"
SECTIONS: Final = {
    "1.2": "谁算流动人口 · Who counts",
    "2.1": "登记、表格、证明、信函、协议 · Ledgers, forms, certificates, letters, agreements",
    "2.2": "容县的十三项制度 · The thirteen internal rules of Rong county",
    "3.1": "全国规定 · The national rule",
    "3.2": "容县2008 · Rong county 2008",
    "3.3": "河南某市2010 · A Henan city 2010",
    "3.4": "江西某市2009 · A Jiangxi city 2009",
    "3.5": "重庆 · Chongqing",
    "3.6": "泛珠三角2010 · Pan-Pearl-River-Delta 2010",
    "4": "本人应得的 · What a person is entitled to",
    "5.1": "机构的过失 · Breaches of offices",
    "6": "部门之间的数据 · Data between departments",
    "7.1": "报表 · Reports",
    "7.2": "校验 · Consistency checks",
    "8.2": "考核指标 · Indicators",
    "9": "区域协作 · Regional cooperation",
    "10": "系统要求 · What the system must do",
}
HEAD = """\
# Coverage

Every rule of the documents, with what carries it out here; and every rule that is declined, with what keeps it out.
Written from `rulepacks/coverage/` by `python -m tests.docs.coverage_page`; a test keeps it in step, looks up every target
and asks that an example or a test exercises it. `yipan packs coverage` counts.

**KEEP** works as it stands. **RECAST** was a duty on people, or a watch kept on them, and is here an offer, an agreement,
or a duty of an office. **DECLINE** is coercive, and is nowhere: a test, a refusal, a refused word or the grammar itself
keeps it out.

| In the sources | What it is |
|---|---|
| 令555 | State Council Decree 555 (国务院令第555号), in force 2009-10-01 to 2021-09-26 |
| 规范49 | National working norms (国人口发〔2009〕49号) |
| 重庆规范 | Chongqing's working norms (重庆市), undated |
| 泛珠方案 | Plan of the eleven provinces of the Pan-Pearl-River-Delta (泛珠三角), for 2010 |
| 容县2008 | Rong county's work plan for 2008 (广西容县) |
| 河南市2010 | Notice of a city government in Henan, 2010-03-25; the city is not named |
| 江西市2009 | Plan of a city in Jiangxi, 2009; the city is not named |
"""


def coverage_page() -> str:
    """Return the whole page."""
    faults = Faults()
    coverage = read_coverage(RULEPACKS / "coverage", faults)
    assert not faults.lines, "\n".join(faults.lines)
    return "\n".join([HEAD, *_walls(), *_sections(coverage)])


def _walls() -> Iterator[str]:
    yield "| Wall of the grammar | The test that tries it |\n|---|---|"
    yield from (f"| `schema:{name}` | `{test}` |" for name, test in SCHEMA.items())
    yield ""


def _sections(coverage: Coverage) -> Iterator[str]:
    for section in dict.fromkeys(row.section for row in coverage.rows):
        rows = [row for row in coverage.rows if row.section == section]
        done = sum(row.id in coverage.entries for row in rows)
        yield f"## {section} {SECTIONS[section]}\n\n{done} of {len(rows)}.\n"
        yield "| Id | Class | Rule | Here | Source |\n|---|---|---|---|---|"
        yield from (_line(row, coverage.entries.get(row.id)) for row in rows)
        yield ""


def _line(row: Row, entry: Entry | None) -> str:
    if entry is None:
        return f"| `{row.id}` | {row.sort} | | missing | |"
    here = _listed(entry.kept_out_by if row.sort == DECLINE else entry.by)
    if entry.later:
        here += "; defined, computed by later work"
    note = f"<br>{entry.note['zh']} {entry.note['en']}" if entry.note else ""
    return f"| `{row.id}` | {row.sort} | {entry.title['zh']} · {entry.title['en']} | {here}{note} | {entry.cite} |"


def _listed(targets: tuple[Target, ...]) -> str:
    return ", ".join(f"`{each}`" for each in targets)


if __name__ == "__main__":
    PAGE.write_text(coverage_page(), encoding="utf-8")
