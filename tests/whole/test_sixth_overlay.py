"""A sixth overlay: an invented county promises 5 working days and a monthly joint clinic. It takes files of a pack, and no Python."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Installation, new_installation
from tests.database.users import SOURCE
from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTY, TOWNSHIP, ELSEWHERE = "420626", "420626100", "420606001"
ASKER = "440104001"
FILES = {
    "pack.yaml": """
pack: baokang-2026
title: {zh: 保康县两项承诺（虚构）, en: Two promises of Baokang county (invented)}
authority: baokang
scope: ["420626"]
uses: [casework]
from: 2026-01-01
""",
    "rules/promises.yaml": """
overlay: baokang-5wd
title: {zh: 五个工作日反馈, en: Answered in 5 working days}
of: [birth-reg-reply-15wd, prd-query-reply-15wd]
versions:
  2026-01-01: {within: 5 working_days, cite: {doc: baokang-2026, article: "1", quote: 五个工作日内反馈}}
---
rule: baokang-joint-clinic
title: {zh: 每月一次联合门诊, en: A joint clinic each month}
opens_on: {every: month, opens: start, levels: [county]}
owed_by: office
owed_to: public
discharged_by: {any: [{kind: joint-meeting.held, when: {circle: clinic}}]}
versions:
  2026-01-01: {within: {fixed: {day: last, defer: none}}, cite: {doc: baokang-2026, article: "2", quote: 每月一次联合门诊}}
""",
    "examples/promises.yaml": """
# 3-6日，9日。
example: 五个工作日反馈
rule: birth-reg-reply-15wd
given: {on: 2026-03-02, owed_by: "420626100", owed_to: "440104001"}
then: {due_on: 2026-03-09, within: 5 working_days, version: 2026-01-01, by: baokang-5wd}
---
example: 四月的联合门诊
rule: baokang-joint-clinic
given: {on: 2026-04-01, owed_by: "420626", owed_to: public}
then: {due_on: 2026-04-30, within: "{fixed: {day: last, defer: none}}", version: 2026-01-01}
""",
}


@pytest.fixture
def installation() -> Iterator[Installation]:
    made = new_installation()
    yield made
    made.remove()


def _added(root: Path) -> set[str]:
    """Return what is below a folder of rule packs and not in the one that came with the program."""
    ours, theirs = (
        {path.relative_to(each).as_posix(): path.read_bytes() for path in each.rglob("*") if path.is_file()}
        for each in (rule_packs(), root)
    )
    return {name for name, content in theirs.items() if ours.get(name) != content}


def test_a_sixth_overlay_takes_only_files_under_rulepacks(installation: Installation, tmp_path: Path) -> None:
    yipan = installation.program
    root = shutil.copytree(rule_packs(), tmp_path / "rulepacks")
    for name, text in FILES.items():
        path = root / "baokang" / "baokang-2026" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with_it = {"YIPAN_RULEPACKS": str(root)}
    assert _added(root) == {f"baokang/baokang-2026/{name}" for name in FILES}
    # No line of the program knows of it.
    assert all("baokang" not in path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert yipan.json("packs", "check", **with_it)["faults"] == []
    asked = ("due", "birth-reg-reply-15wd", "--on", "2026-03-02", "--owed-to", ASKER, "--owed-by")
    clocks = [yipan.json(*asked, each, **with_it)["within"] for each in (TOWNSHIP, ELSEWHERE)]
    assert clocks == ["5 working_days", "15 working_days"]

    yipan.json("packs", "adopt", "baokang-2026", **with_it)
    slip = tmp_path / "启用通知.txt"
    slip.write_text("保康县卫生健康局启用通知", encoding="utf-8")
    yipan.record("office.opened", COUNTY, "--at", "2026-03-15T09:00", "--evidence", str(slip))
    yipan.json("sweep", "--now", "2026-04-02T09:00")
    clinics = [each for each in yipan.json("duties", "--office", COUNTY) if "clinic" in each["rule"]]
    assert [(each["period"], each["due_on"]) for each in clinics] == [("2026-04", "2026-04-30")]
    held = ("--at", "2026-04-20T09:00", "--evidence", str(slip))
    said = {"period": "2026-04", "minutes": "接诊三十人", "circle": "partners"}
    yipan.record("joint-meeting.held", COUNTY, *held, **said)
    yipan.record("joint-meeting.held", COUNTY, *held, **said | {"circle": "clinic"})
    (clinic,) = [each for each in yipan.json("duties", "--office", COUNTY) if "clinic" in each["rule"]]
    assert clinic["clock"] == "in-time"
