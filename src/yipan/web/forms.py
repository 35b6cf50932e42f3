"""A form made from a kind: one renderer for all kinds. What was typed and who is meant are arguments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext

from yipan.duties.lawbook import lawbook
from yipan.law.wording import purposes_of
from yipan.web.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from yipan.law.kind import Field, Kind

#: A choice of more than this many is a list to open, not radio buttons.
_MOST_RADIOS: Final = 5
#: Answers whose words are longer than this stand one below the other.
_LONGEST_ROW: Final = 24
_WIDGETS: Final = {
    "long-text": "textarea",
    "date": "date",
    "phone": "tel",
    "organisation": "organisation",
    "instant": "moment",
}
_SHORT: Final = ("number", "period", "code")
#: The boxes that belong to no field of a kind.
AT: Final = "at"
EVIDENCE: Final = "evidence"
#: The field in which a kind says how a message went.
_CHANNEL: Final = "channel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One thing to fill in, as the template draws it."""

    name: str
    title: str
    widget: str = "text"
    hint: str = ""
    required: bool = False
    value: str = ""
    other_value: str = ""
    options: Sequence[tuple[str, str]] = ()
    fault: str = ""
    #: Said beside the title: that it may be left out, or what leaving it out means.
    aside: str = ""
    is_wide: bool = False
    is_short: bool = False
    input_mode: str = ""

    @property
    def is_radio(self) -> bool:
        """Whether it is drawn as radio buttons."""
        return self.widget == "radio"

    @property
    def in_a_row(self) -> bool:
        """Whether its answers are short enough to stand in one row."""
        return sum(len(label) for _, label in self.options) <= _LONGEST_ROW

    @property
    def described_by(self) -> str:
        """The ids of what explains it, for those who hear the page."""
        return " ".join(
            [*([f"h-{self.name}"] if self.hint else []), *([f"e-{self.name}"] if self.fault else [])]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Boxes under one heading; `folded` is the summary under which they are folded away until needed."""

    title: str
    boxes: Sequence[Box]
    folded: str = ""
    unfold: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a form is about: the organisation that holds each role, as far as the action says."""

    parties: Mapping[str, str] = field(default_factory=dict)
    #: The organisation whose act is written down for it; empty when the acting one writes its own.
    on_behalf_of: str = ""
    #: The roles that the case at hand knows already.
    known: frozenset[str] = frozenset()
    #: What is agreed to, in plain words, by purpose.
    wordings: Mapping[str, str] = field(default_factory=dict)


def worded(setting: Setting, kind: Kind, day: date) -> Setting:
    """Return a setting that knows the words in which a kind asks for agreement on a day."""
    book = lawbook()
    found = {purpose: book.wording(purpose, day) for purpose in purposes_of(kind)}
    return replace(setting, wordings={name: said(each[1]) for name, each in found.items() if each})


def sections_of(
    kind: Kind, setting: Setting, typed: Mapping[str, str], faults: Mapping[str, str]
) -> list[Section]:
    """Return the form of a kind: a section for each person, one for the rest, one for evidence and time."""
    making = _Making(kind, setting, typed, faults)
    persons = [making.of_subject(name) for name in kind.subjects if kind.concerns(name, setting.parties)]
    rest = making.of_the_rest()
    # Who comes to the desk says first who she is; in a case she is known and the matter comes first.
    parts = [*persons, rest] if kind.begins_case else [rest, *persons]
    return [*(part for part in parts if part.boxes), making.of_evidence()]


def shown_fields(kind: Kind, setting: Setting) -> list[Field]:
    """Return the fields of a kind that concern the parties at hand, in the order of the file."""
    making = _Making(kind, setting, {}, {})
    return [each for each in kind.fields.values() if making.asks(each)]


def shown_roles(kind: Kind, setting: Setting) -> list[str]:
    """Return the roles that the clerk fills in: her own is taken for her, and a case knows most of the others.

    In a case she names only who comes into it with this entry, as the office above.
    """
    own = {role for name in kind.recorded_by for role in kind.in_group(name)}
    open_ = [role for role in kind.roles if role not in own and role not in setting.parties]
    if kind.begins_case:
        return open_
    new = (kind.roles[role] for role in open_ if role not in setting.known)
    return [role.name for role in new if role.required and not role.group]


class _Making:
    """The making of one form."""

    def __init__(
        self, kind: Kind, setting: Setting, typed: Mapping[str, str], faults: Mapping[str, str]
    ) -> None:
        self.kind = kind
        self.setting = setting
        self.typed = typed
        self.faults = faults

    def asks(self, one: Field) -> bool:
        """Tell whether a field concerns the parties at hand."""
        if one.by_verb:
            return False
        if one.subject and not self.kind.concerns(one.subject, self.setting.parties):
            return False
        return not one.consent_of or self.kind.speaks_for(one.consent_of, self.setting.parties)

    def _home_of(self, role: str) -> str:
        """Return the person to whose section a role belongs, if to exactly one."""
        held = [name for name in self.kind.subjects if role in self.kind.sides_of(name)]
        return held[0] if len(held) == 1 else ""

    def _place_of(self, one: Field) -> str:
        return one.subject or (self._home_of(one.consent_of) if one.consent_of else "")

    def of_subject(self, name: str) -> Section:
        """Return the section of one person: her facts, her home office, what she agrees to."""
        mine = [
            each for each in self.kind.fields.values() if self._place_of(each) == name and self.asks(each)
        ]
        roles = [role for role in shown_roles(self.kind, self.setting) if self._home_of(role) == name]
        facts = [self._field(each) for each in mine if not each.consent]
        agreements = [self._field(each) for each in mine if each.consent]
        boxes = [*facts, *map(self._role, roles), *agreements]
        return Section(title=said(self.kind.subjects[name].title), boxes=boxes)

    def of_the_rest(self) -> Section:
        """Return the section of what is about no one person."""
        roles = [role for role in shown_roles(self.kind, self.setting) if not self._home_of(role)]
        fields = [each for each in self.kind.fields.values() if not self._place_of(each) and self.asks(each)]
        return Section(title=gettext("办理内容"), boxes=[*map(self._role, roles), *map(self._field, fields)])

    def of_evidence(self) -> Section:
        """Return the section for another office's act or another moment, which count only with evidence."""
        foreign = bool(self.setting.on_behalf_of)
        at = Box(
            name=AT, title=gettext("实际时间"), widget="moment", aside=gettext("（选填）"),
            hint=gettext("与现在不同时填写，例如签收日期、传真注明的接收时间。"),
            value=self.typed.get(AT, ""), other_value=self.typed.get(f"{AT}_time", ""),
            fault=self.faults.get(AT, ""),
        )  # fmt: skip
        kept, what = self.typed.get(EVIDENCE, ""), gettext("签收单、传真页、通话记录的照片或扫描件。")
        evidence = Box(
            name=EVIDENCE, title=gettext("凭证"), widget="file", required=foreign, value=kept,
            aside="" if foreign else gettext("（填写实际时间的，必附）"),
            hint=gettext("已收到文件，不必再选。") if kept else what,
            fault=self.faults.get(EVIDENCE, ""),
        )  # fmt: skip
        # Noting how a message arrived is nearly always about an earlier moment.
        tells_arrival = _CHANNEL in self.kind.fields and not self.kind.reaches
        return Section(
            title=gettext("凭证与时间"),
            boxes=[at, evidence],
            folded="" if foreign or tells_arrival else gettext("事情不是现在发生的？填写实际时间并附凭证"),
            unfold=any(box.fault or box.value for box in (at, evidence)),
        )

    def _role(self, role: str) -> Box:
        one = self.kind.roles[role]
        return Box(
            name=role, title=said(one.title), widget="organisation", required=one.required, is_wide=True,
            hint=gettext("输入机构代码，或输入地名查找，例如 450921100 或 容州镇。"),
            aside="" if one.required else gettext("（选填）"),
            value=self.typed.get(role, ""), fault=self.faults.get(role, ""),
        )  # fmt: skip

    def _field(self, one: Field) -> Box:
        options: list[tuple[str, str]] = []
        widget = _WIDGETS.get(one.type, "text")
        if one.type == "yes-no":
            widget, options = "radio", [("yes", gettext("是")), ("no", gettext("否"))]
        elif one.type == "choice":
            options = [(value, said(title)) for value, title in one.choices.items()]
            widget = "radio" if len(options) <= _MOST_RADIOS else "select"
        return Box(
            name=one.name,
            title=said(one.title),
            widget=widget,
            hint=self.setting.wordings.get(one.consent, "") or (said(one.help) if one.help else ""),
            required=one.required,
            value=self.typed.get(one.name, ""),
            other_value=self.typed.get(f"{one.name}_time", ""),
            options=options,
            fault=self.faults.get(one.name, ""),
            aside=_aside(self.kind, one),
            is_wide=widget in ("textarea", "organisation") or one.type == "choice",
            is_short=one.type in _SHORT,
            input_mode="numeric" if one.type == "number" else "",
        )


def _aside(kind: Kind, one: Field) -> str:
    """Return what is said beside a title. Not to have been asked is a no: no agreement is just optional."""
    if one.required:
        return ""
    if not one.consent:
        return gettext("（选填）")
    return gettext("（未答视为不同意）") if kind.begins_case else gettext("（没有变化的不选）")
