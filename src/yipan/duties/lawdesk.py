"""What anybody may ask of the law: by when something is due, who counts as living away, what packs, rules and kinds say.

Answers are plain data, the same on the command line and in the API. Nothing here touches a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from yipan.errors import YipanError
from yipan.law.counting import parse_within
from yipan.law.deadline import SHANGHAI, Deadline, deadline
from yipan.law.roles import OWED_ONLY
from yipan.law.rule import Rule
from yipan.law.rulebook import UnknownRuleError
from yipan.law.scope import district_by_digits, migrant
from yipan.offices.divisions import carried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from yipan.law.kind import Kind
    from yipan.law.pack import Pack
    from yipan.law.rule import Overlay, Version
    from yipan.law.rulebook import Bound, Rulebook

#: The scope that says who counts as living away from home.
FLOATING: Final = "floating-population"
_LEVELS: Final = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
#: A village's code begins with its township's.
_VILLAGE, _TOWNSHIP = 12, 9


class NotAskedError(YipanError):
    """The question lacks a part."""

    code: ClassVar[str] = "not-asked"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {"zh": "缺少：{missing}。", "en": "This is missing: {missing}."}
    next_step: ClassVar[dict[str, str]] = {
        "zh": "例如：yipan due birth-reg-reply-15wd --on 2026-03-02 --owed-by 450921100",
        "en": "For example: yipan due birth-reg-reply-15wd --on 2026-03-02 --owed-by 450921100",
    }


class UnknownCodeError(YipanError):
    """The division table has no such code."""

    code: ClassVar[str] = "unknown-division"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "区划表中没有代码“{code}”。",
        "en": "The table of divisions has no code {code!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请核对2、4、6、9或12位区划代码；部门写在冒号后，如 450921:police。",
        "en": "Check the code of 2, 4, 6, 9 or 12 digits; a department follows a colon, as 450921:police.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class DueAsked:
    """By when something is due: under a rule, or `within` a period; from when, who owes it, to whom."""

    on: datetime
    rule: str = ""
    owed_by: str = ""
    owed_to: str = ""
    priority: str = "normal"
    within: str = ""


def due(asked: DueAsked, book: Rulebook) -> dict[str, Any]:
    """Return by when something is due, under which article, and which days counted.

    Raises:
        NotAskedError: neither or both of a rule and a period are said, or nobody owes it.
        UnknownCodeError: there is no such division.
        YipanError: there is no such rule, or none in force there and then.
    """
    owed_by, owed_to = known_codes(asked.owed_by, asked.owed_to)
    if asked.within:
        if asked.rule:
            raise NotAskedError(missing="RULE / --within")
        found = parse_within(asked.within)
        dated = deadline(found, asked.on, book.calendar_at(None))
        return _dated(dated, within=str(found), rule=None, version=None, cite=None)
    missing = [name for name, value in (("RULE", asked.rule), ("--owed-by", asked.owed_by)) if not value]
    if missing:
        raise NotAskedError(missing=", ".join(missing))
    bound = _bound(book, asked, owed_by, owed_to)
    own_clock = {"rule": bound.clock_rule} if bound.clock_rule != asked.rule else {}
    return _dated(
        bound.deadline,
        within=str(bound.within),
        rule=asked.rule,
        version=bound.version_on,
        cite={**bound.cite.as_dict(), **own_clock},
    )


def _bound(book: Rulebook, asked: DueAsked, owed_by: str, owed_to: str) -> Bound:
    """Return the clock asked for: a rule's, with every overlay over it; or that of one overlay alone."""
    clock = {"priority": asked.priority}
    day = asked.on.astimezone(SHANGHAI).date()
    try:
        rule = book.rule(asked.rule, day, owed_by)
    except UnknownRuleError:
        return book.overlay_bound(asked.rule, asked.on, debtor=owed_by, clock=clock)
    levels = (_level(owed_by), _level(owed_to))
    return book.bound(rule, asked.on, debtor=owed_by, creditor=owed_to, levels=levels, clock=clock)


def _dated(dated: Deadline, **said: object) -> dict[str, Any]:
    return {
        "due_on": dated.due_on,
        "due_at": dated.due_at,
        "provisional": dated.provisional,
        **said,
        "calendar": list(dated.calendars),
        "counted": list(dated.counted),
    }


def _level(organisation: str) -> str | None:
    code = organisation.partition(":")[0]
    return "nation" if code == "00" else _LEVELS.get(len(code))


def known_codes(*references: str | None) -> tuple[str, ...]:
    """Return the ids that references mean, each of a division that exists; a village by its township.

    Raises:
        UnknownCodeError: there is no such division.
    """
    for reference in references:
        if not reference or reference in OWED_ONLY:
            continue
        code = reference.partition(":")[0]
        if (code[:_TOWNSHIP] if len(code) == _VILLAGE else code) not in carried():
            raise UnknownCodeError(code=code)
    return tuple(reference.removesuffix(":health") if reference else "" for reference in references)


def counts(home: str, residence: str, reason: str, on: date, book: Rulebook) -> dict[str, Any]:
    """Return whether somebody counts as living away from home, `because` of what in both languages, and the article.

    Raises:
        UnknownCodeError: there is no such division.
    """
    known_codes(home, residence)
    found = migrant(home, residence, reason, scope=book.scope(FLOATING, on), is_district=district_by_digits)
    return {"migrant": found.migrant, "because": found.because, "cite": found.cite.as_dict()}


# ------------------------------------------------------------------------------------ what the packs hold


def pack_data(pack: Pack) -> dict[str, Any]:
    """Return what a pack holds."""
    return {
        "pack": pack.name,
        "title": pack.title,
        "authority": pack.authority,
        "scope": pack.scope,
        "from": pack.from_on,
        "until": pack.until_on,
        "digest": pack.digest,
        "rules": list(pack.rules),
        "overlays": [each.id for each in pack.overlays],
        "kinds": list(pack.kinds),
        "calendars": [each.name for each in pack.calendars],
    }


def kind_data(kind: Kind) -> dict[str, Any]:
    """Return who records an event of a kind, and what it says."""
    return {
        "kind": kind.name,
        "title": kind.title,
        "help": kind.help,
        "recorded_by": kind.recorded_by,
        "on_behalf_of": kind.on_behalf_of,
        "follows": kind.follows,
        "roles": {
            each.name: {"title": each.title, "required": each.required, "levels": each.levels}
            for each in kind.roles.values()
        },
        "fields": {
            each.name: {
                "title": each.title,
                "type": each.type,
                "required": each.required,
                "choices": each.choices,
            }
            for each in kind.fields.values()
        },
    }


def defined(name: str, packs: Sequence[Pack], book: Rulebook) -> list[tuple[Pack, Rule | Overlay]]:
    """Return where a rule or an overlay stands: the packs that have it, then the overlays over it.

    Raises:
        UnknownRuleError: no pack has it.
    """
    own = [(pack, each) for pack in packs for each in pack.overlays if each.id == name]
    holders = [] if own else book.holders(name)
    return [*own, *holders, *book.overlays(name)]


def rule_data(name: str, found: Sequence[tuple[Pack, Rule | Overlay]]) -> dict[str, Any]:
    """Return a rule's text by pack, and its versions with those of the overlays over it."""
    texts: dict[str, Mapping[str, str]] = {
        pack.name: each.text for pack, each in found if each.id == name and isinstance(each, Rule)
    }
    rows = [
        {"pack": pack.name, "rule": each.id, "title": each.title, "from": max(pack.from_on, version.from_on),
         "until": pack.until_on, "within": _within(version), "cite": version.cite.as_dict()}
        for pack, each in found
        for version in each.versions
    ]  # fmt: skip
    return {"rule": name, "text": texts, "versions": rows}


def _within(version: Version) -> str:
    if version.by_field:
        return ", ".join(
            f"{version.by_field}={value}: {within}" for value, within in version.by_value.items()
        )
    return str(version.within)
