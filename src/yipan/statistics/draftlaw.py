"""The law that is tried out: a pack from a folder or from the disk, or an adopted rule with another clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from yipan.database import rule_packs
from yipan.duties.adopting import UnknownPackError, packs_on_disk
from yipan.duties.lawbook import lawbook
from yipan.errors import FaultsFoundError, YipanError
from yipan.law.check import check_packs
from yipan.law.counting import Promptly, Within, parse_within
from yipan.law.pack import Pack, read_bundle, read_pack
from yipan.law.reading import Faults
from yipan.law.rule import Cite, Version
from yipan.law.rulebook import Adoption, Rulebook

if TYPE_CHECKING:
    from datetime import date


class NoClockError(YipanError):
    """What was written is no period of a rule."""

    code: ClassVar[str] = "no-clock"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{within}”不是期限。",
        "en": "{within!r} is no period of a rule.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写成 10 working_days、15 days 或者 2 months。",
        "en": "Write 10 working_days, 15 days or 2 months.",
    }


def draft_pack(name: str) -> Pack:
    """Return a draft: the pack in a folder, or one by name among those on disk.

    Raises:
        UnknownPackError: there is none.
        FaultsFoundError: all that is wrong with it, beside the packs that are adopted.
    """
    path = Path(name)
    if (path / "pack.yaml").is_file():
        faults = Faults()
        pack = read_pack(read_bundle(path), where=path.name, faults=faults)
        others = [each for each in packs_on_disk(rule_packs()) if each.name != pack.name]
        if not faults.lines:
            check_packs([*others, pack], faults)
        if faults.lines:
            raise FaultsFoundError(faults.lines)
        return pack
    found = next((each for each in packs_on_disk(rule_packs()) if each.name == name), None)
    if found is None:
        raise UnknownPackError(pack=name)
    return found


def with_clock(rule_id: str, within: str, from_on: date) -> Pack:
    """Return the adopted pack of a rule as a draft in which its period is another from a day on.

    Raises:
        UnknownRuleError: no adopted pack has the rule.
        NoClockError: the period cannot be read.
    """
    try:
        clock: Within = parse_within(within)
    except ValueError as error:
        raise NoClockError(within=within) from error
    if isinstance(clock, Promptly) and clock.standard is None:
        raise NoClockError(within=within)
    pack, rule = lawbook().holders(rule_id)[-1]
    version = Version(
        from_on=from_on, within=clock, by_field="", by_value={}, rolls=True, cite=Cite(set_by="deployment")
    )
    earlier = tuple(each for each in rule.versions if each.from_on < from_on)
    drafted = replace(rule, versions=(*earlier, version))
    bundle = {**pack.bundle, f"draft:{rule_id}": f"{from_on} {within}"}
    return replace(pack, rules={**pack.rules, rule_id: drafted}, bundle=bundle)


def drafted_book(draft: Pack, from_on: date) -> Rulebook:
    """Return the law as it is adopted here, with the draft in force from a day on."""
    return Rulebook([*lawbook().adoptions(), Adoption(pack=draft, effective_on=from_on)])
