"""How the pages say a rule: what begins a duty, who owes it to whom, what fulfils it, where and when it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext, gettext_noop

from yipan.law.rule import Overlay
from yipan.offices.divisions import place_name
from yipan.web.words import clock_text, day_text, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from yipan.law.explain import Span
    from yipan.law.kind import Kind, Role
    from yipan.law.pack import Pack
    from yipan.law.roles import RoleExpression
    from yipan.law.rule import Rule, Trigger, Version

#: The word of each level at which an office may stand.
LEVEL_WORDS: Final = {
    "village": gettext_noop("村（社区）"),
    "township": gettext_noop("乡镇（街道）"),
    "county": gettext_noop("县（区）"),
    "city": gettext_noop("市"),
    "province": gettext_noop("省（区、市）"),
    "nation": gettext_noop("国家"),
}
_STEPS: Final = {
    "village": gettext_noop("%(who)s（村、社区一级）"),
    "township": gettext_noop("%(who)s（乡镇一级）"),
    "county": gettext_noop("%(who)s（县级）"),
    "city": gettext_noop("%(who)s（市级）"),
    "province": gettext_noop("%(who)s（省级）"),
    "nation": gettext_noop("%(who)s（国家一级）"),
    "supervisor": gettext_noop("%(who)s的上一级"),
    "health": gettext_noop("%(who)s当地的卫生健康部门"),
    "government": gettext_noop("%(who)s当地的政府"),
}
_FIXED: Final = {
    "person": gettext_noop("本人"),
    "public": gettext_noop("社会公众"),
    "actor": gettext_noop("办理机构"),
    "office": gettext_noop("本机构"),
    "debtor": gettext_noop("逾期的机构"),
    "creditor": gettext_noop("等待的一方"),
    "party": gettext_noop("对方机构"),
}
_PERIODS: Final = {
    "day": gettext_noop("每天"),
    "month": gettext_noop("每月"),
    "quarter": gettext_noop("每季度"),
    "half-year": gettext_noop("每半年"),
    "year": gettext_noop("每年"),
}
_NATION: Final = "00"


def level_word(level: str) -> str:
    """Return the word of a level."""
    return gettext(LEVEL_WORDS[level])


def who(role: RoleExpression, rule: Rule, kinds: Mapping[str, Kind]) -> str:
    """Return whom a role of a rule means, by the part that the opening event calls it."""
    parts = _parts(role.base, rule, kinds)
    found = _or([said(each.title) for each in parts]) or _fixed(role.base, rule)
    # A part that only an office of that level plays is already there.
    levels = {level for each in parts for level in each.levels}
    for step in role.steps:
        if levels != {step}:
            found = gettext(_STEPS[step]) % {"who": found}
    return found


def _parts(base: str, rule: Rule, kinds: Mapping[str, Kind]) -> list[Role]:
    """Return the roles of the opening events that a base means."""
    opening = [kinds[each.kind] for each in rule.triggers if each.kind in kinds]
    if base == "party":
        return [
            role
            for kind in opening
            for role in kind.roles.values()
            if rule.for_each in (role.group, role.name)
        ]
    if base == "actor":
        return [kind.roles[each] for kind in opening for each in kind.recorded_by if each in kind.roles]
    return [kind.roles[base] for kind in opening if base in kind.roles]


def _fixed(base: str, rule: Rule) -> str:
    if base == "office" and rule.every:
        return _or([level_word(each) for each in rule.every.levels])
    return gettext(_FIXED.get(base, base))


def _or(words: Sequence[str]) -> str:
    return gettext("、").join(dict.fromkeys(words))


def opens_text(rule: Rule, kinds: Mapping[str, Kind], lapsing: Iterable[Rule]) -> list[str]:
    """Return what begins a duty under a rule, each in a line. `lapsing`: the rules of which a lapse begins it."""
    if rule.every:
        often = {"often": gettext(_PERIODS[rule.every.period])}
        begins = gettext("%(often)s开始时") if rule.every.opens == "start" else gettext("%(often)s过后")
        return [begins % often]
    lines = [_trigger(each, kinds) for each in rule.triggers]
    lines += [gettext("逾期未办：%(rule)s") % {"rule": said(each.title)} for each in lapsing]
    return list(dict.fromkeys(lines))


def ends_text(rule: Rule, kinds: Mapping[str, Kind]) -> list[str]:
    """Return what fulfils a duty under a rule, each in a line; nothing for one that always stands."""
    if rule.discharge is None:
        return []
    return list(dict.fromkeys(_trigger(each, kinds) for each in rule.discharge.triggers))


def releases_text(rule: Rule, kinds: Mapping[str, Kind]) -> list[str]:
    """Return what ends a duty without fault, each in a line."""
    return list(dict.fromkeys(_trigger(each, kinds) for each in rule.released_by))


def _trigger(trigger: Trigger, kinds: Mapping[str, Kind]) -> str:
    kind = kinds.get(trigger.kind)
    if kind is None:
        return trigger.kind
    told = []
    for name, value in trigger.when.items():
        field = kind.fields.get(name)
        if field is None:
            continue
        if isinstance(value, bool):
            answer = gettext("是") if value else gettext("否")
            told.append(gettext("%(field)s：%(answer)s") % {"field": said(field.title), "answer": answer})
        else:
            told.append(said(field.choices.get(str(value), str(value))))
    title = said(kind.title)
    return gettext("%(title)s（%(details)s）") % {"title": title, "details": _or(told)} if told else title


def clocks_text(version: Version, kinds: Mapping[str, Kind]) -> str:
    """Return the clock of a version; of one that a field chooses, each with what chooses it."""
    if version.within is not None:
        return clock_text(version.within)
    titles = [kind.fields[version.by_field] for kind in kinds.values() if version.by_field in kind.fields]
    words = {value: said(choice) for field in titles for value, choice in field.choices.items()}
    parts = [
        gettext("%(field)s：%(answer)s") % {"field": words.get(value, value), "answer": clock_text(within)}
        for value, within in version.by_value.items()
    ]
    return gettext("；").join(parts)


def titles_of(packs: Iterable[Pack]) -> dict[str, Mapping[str, str]]:
    """Return the titles of the documents that articles are cited from; what is no pack goes by the pack that cites it."""
    packs = list(packs)
    listed: list[tuple[Pack, Rule | Overlay]] = []
    for pack in packs:
        listed += [(pack, rule) for rule in pack.rules.values()] + [(pack, each) for each in pack.overlays]
    cited = {version.cite.doc: pack.title for pack, rule in listed for version in rule.versions}
    return cited | {pack.name: pack.title for pack in packs}


def where(pack: Pack) -> str:
    """Return where a pack holds; of a document that names no place, that the deployment sets it."""
    if not pack.scope:
        return gettext("由部署机构设定")
    return gettext("、").join(gettext("全国") if each == _NATION else place_name(each) for each in pack.scope)


def when(from_on: date, last_on: date | None) -> str:
    """Return from when to when something holds."""
    if last_on is None:
        return gettext("%(first)s起") % {"first": day_text(from_on)}
    return gettext("%(first)s至%(last)s") % {"first": day_text(from_on), "last": day_text(last_on)}


def leg_text(span: Span) -> str:
    """Return on which way between levels an overlay bounds a clock, and whether both sides must lie in its place."""
    leg = span.rule.leg if isinstance(span.rule, Overlay) else ""
    lines = []
    if leg:
        debtor, creditor = (level_word(each) for each in leg.split("-to-"))
        lines.append(gettext("%(debtor)s答复%(creditor)s的") % {"debtor": debtor, "creditor": creditor})
    if span.rule.applies_to == "both":
        lines.append(gettext("双方都在这个范围内的"))
    return gettext("、").join(lines)
