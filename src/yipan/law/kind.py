"""Event kinds: the typed fields of something that can happen, as data.

A kind says which roles it needs, who may record it, which fields rules may read (`clock`), which are
sealed for whom, and which consent each purpose needs. One renderer makes the form from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from yipan.law.keeping import Term, read_terms
from yipan.law.reading import Faults, Raw, Reader, is_number
from yipan.law.roles import LEVELS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FIELD_TYPES: Final = (
    "text",
    "long-text",
    "choice",
    "yes-no",
    "number",
    "date",
    "instant",
    "name",
    "identity-number",
    "phone",
    "organisation",
    "place",
    "period",
    "code",
    # The name of an organisation, a division or an officer at work: public, so that the journal may hold it in clear.
    "public-name",
)
#: What a post must include for an officer to record such an event.
RIGHTS: Final = (
    "record", "open-office", "adopt", "sweep", "reorganise", "post-officers", "audit", "break-glass",
)  # fmt: skip
#: What the engine itself does beside folding when such an event is recorded.
EFFECTS: Final = (
    "office-opened", "office-closed", "pack-adopted",
    # Reorganisation: organisations that come, change their names, and are succeeded; and whose desk a case is on.
    "office-founded", "office-renamed", "division-renamed", "organisation-succeeded", "party-succeeded", "chain-ended",
    "work-handed-over",
    # The register's own, kept by the room above: see registry.
    "person-enrolled", "person-updated", "stay-began", "stay-ended", "enrolment-ended",
    "persons-merged", "persons-kept-apart", "headcount-noted", "access-given", "access-ended",
    # Certificates that this installation signs: see documents.
    "certificate-issued", "certificate-sent", "certificate-revoked",
    # An office that is no party looks in need, for some hours, and is seen to: see registry.
    "glass-broken",
    # Her key and what it opened are destroyed, at her wish or because a term is over; somebody acts for her: see registry.
    "person-erased", "records-ended", "proxy-named", "proxy-ended",
)  # fmt: skip
#: Of these, what nobody who acts for her may say in her place.
HERS_ALONE: Final = ("proxy-named", "proxy-ended", "enrolment-ended")
#: What the program itself says of an event with such an effect, which it records by its own verb: the kind has to have it.
SAID_BY_VERB: Final[Mapping[str, tuple[str, ...]]] = {
    "glass-broken": ("because", "way", "reason", "until_at")
}
#: What an entry is to what the program draws from entries, or writes itself, with the clock fields and roles that it needs
#: for it: the register of what an office issues, a stock, a directory, a message to a person, what was found at an office.
PARTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "paper-asked": (("wish",), ("home",)), "paper-request-arrived": ((), ("home",)),
    "paper-refused": ((), ()), "paper-withdrawn": ((), ()), "paper-handed-over": (("way",), ()),
    "stock-opened": (("name", "address", "hours"), ()), "stock-in": ((), ()), "stock-out": ((), ()), "stock-closed": ((), ()),
    "contact-noted": ((), ("counterpart",)),
    "message-sent": (("channel",), ()), "notice-sent": (("channel",), ()), "message-ended": ((), ()),
    "notice-waits": (("because",), ()), "notice-told": ((), ()),
    "message-taken": ((), ()), "message-bounced": (("cause",), ()), "message-stopped": ((), ()),
    "finding": (("about", "side"), ("against",)),
}  # fmt: skip
#: Those that the program itself records: where there are messages, a kind has to play each of them.
WRITTEN_OF_MESSAGES: Final = ("message-taken", "message-bounced", "message-stopped")
#: Those whose numbers are summed up: such a kind has one number.
COUNTED: Final = ("stock-in", "stock-out")
#: A field of this name says that something was free; no other number can be written, here or in the database.
PRICE, FREE = "price", "0"
#: An English word up to this length is looked for as a whole word only.
SHORT_WORD: Final = 4
#: Words that a field or a kind may not be about: the refusals of design.md, by name.
REFUSED_WORDS: Final = (
    "birth_order", "birthorder", "parity", "number_of_children", "children", "within_policy",
    "out_of_policy", "pregnan", "contracept", "levy", "fine", "fee", "reward", "termination", "sterilis",
    "steriliz", "iud", "landlord", "tenan",
    "孩次", "胎次", "子女数", "政策外", "计划外", "怀孕", "孕情", "避孕", "节育", "抚养费", "罚款", "收费",
    "举报奖", "终止妊娠", "结扎", "房东", "出租",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A part that organisations play in an event of this kind."""

    name: str
    title: Mapping[str, str]
    group: str = ""
    required: bool = True
    #: The levels at which an office may stand that plays this part; none: any.
    levels: tuple[str, ...] = ()
    #: Whether each event names its own: one superior acts after another, and the case does not keep the first.
    anew: bool = False
    #: Parts of the case that whoever plays this one may not hold: a superior is none of the two sides.
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a kind: its type, whether rules may read it, for whom it is sealed."""

    name: str
    type: str
    title: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    clock: bool = False
    subject: str = ""
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    consent: str = ""
    consent_of: str = ""
    #: Choices with which nothing is taken at all, each with the sentence that says why.
    refuses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Said by the verb that records it: no form asks for it.
    by_verb: bool = False
    #: The values of other fields with which this one must be filled: what differs is said.
    required_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A person whom fields of this kind are about, and the roles whose offices may see them."""

    name: str
    title: Mapping[str, str]
    shown_to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of event. `recorded_by` lists roles; `on_behalf_of` those for whom another party may write."""

    name: str
    pack: str
    title: Mapping[str, str]
    action: Mapping[str, str]
    help: Mapping[str, str]
    begins_case: bool
    system: bool
    roles: Mapping[str, Role]
    subjects: Mapping[str, Subject]
    fields: Mapping[str, Field]
    recorded_by: tuple[str, ...]
    on_behalf_of: tuple[str, ...]
    reaches: str
    effect: str
    thread: str
    follows: tuple[str, ...]
    seen_by: tuple[str, ...]
    right: str
    #: Whether everybody may read it: a list for the public, that names no person.
    public: bool = False
    #: Among what a desk finds it where it begins a case, and whether it lies on top: done every day.
    matter: Mapping[str, str] = field(default_factory=dict)
    often: bool = False
    #: Whether it says something of its own, and is offered though it settles no open duty.
    freely: bool = False
    #: Whether the person may record it from her own page, and what is then said for her without asking.
    by_person: bool = False
    from_her: Mapping[str, str] = field(default_factory=dict)
    #: Whether it is hers alone to say: whoever acts for her in a matter does not.
    hers_alone: bool = False
    #: Whether it says when something that was sent arrived; and whether it puts her off, or asks her for a paper.
    arrival: bool = False
    puts_off: bool = False
    #: What the entry as a whole rests on: the purpose that the person agreed to.
    agrees_to: str = ""
    #: An agreement without which it is not recorded at all: what passes on what is hers.
    needs_consent: str = ""
    #: How long its words about persons are kept; and how long a law wants them kept even where she has been erased.
    keeps: tuple[Term, ...] = ()
    #: What it is to what the program draws; and the values with which it finds nothing.
    part: str = ""
    nothing_when: Mapping[str, str] = field(default_factory=dict)
    kept_by_law: tuple[Term, ...] = ()

    def in_group(self, name: str) -> tuple[str, ...]:
        """Return the roles that a role or group name means, in the order of the file."""
        if name in self.roles:
            return (name,)
        return tuple(role.name for role in self.roles.values() if role.group == name)

    def sides_of(self, subject: str) -> list[str]:
        """Return the members of groups that see a person: her home is hers, the desk is everybody's."""
        return [role for role in self.subjects[subject].shown_to if self.roles[role].group]

    def speaks_for(self, role: str, parties: Collection[str]) -> bool:
        """Tell whether a role is meant where the parties name one member of its group, or none."""
        group = self.roles[role].group
        named = [each for each in self.in_group(group) if each in parties] if group else []
        return not named or role in named

    def concerns(self, subject: str, parties: Collection[str]) -> bool:
        """Tell whether a person is one whom the roles at hand may hear of.

        A person is told from the others by the role of a group that may see her (`her_home`); where the parties name members
        of that group and hers is not among them, she is left out. Whom several members may see is told apart by none.
        """
        own = self.sides_of(subject)
        return all(
            any(self.speaks_for(role, parties) for role in own if self.roles[role].group == group)
            for group in {self.roles[role].group for role in own}
        )

    def consent_field(self, purpose: str, role: str) -> Field | None:
        """Return the field in which the person of `role` agrees to `purpose`, if the kind asks for it."""
        for each in self.fields.values():
            if each.consent == purpose and each.consent_of in ("", role):
                return each
        return None


KIND_KEYS: Final = (
    "kind", "title", "action", "help", "begins_case", "system", "roles", "subjects", "fields",
    "recorded_by", "on_behalf_of", "reaches", "effect", "thread", "follows", "seen_by", "right", "public",
    "matter", "often", "freely", "by_person", "from_her", "hers_alone", "arrival", "puts_off",
    "agrees_to", "needs_consent", "keeps", "kept_by_law", "part", "nothing_when",
)  # fmt: skip
#: Of these what is said is whether it is so.
_FLAGS: Final = (
    "begins_case", "system", "public", "often", "freely", "by_person", "hers_alone", "arrival", "puts_off",
)  # fmt: skip
ROLE_KEYS: Final = ("title", "group", "required", "levels", "anew", "apart")
SUBJECT_KEYS: Final = ("title", "shown_to")
FIELD_KEYS: Final = (
    "type", "title", "help", "required", "clock", "subject", "choices", "refuses", "consent", "by_verb",
    "required_when",
)  # fmt: skip
CONSENT_KEYS: Final = ("purpose", "of")


def read_kind(raw: Raw, *, file: str, pack: str, faults: Faults) -> Kind:
    """Read one kind from its mapping; faults go to the collector and a usable value comes back."""
    reader = Reader(file=file, at="", raw=raw, faults=faults)
    reader.only(*KIND_KEYS)
    reader.needs("kind", "title")
    name = reader.text("kind")
    _refuse_words(reader, "kind", name)
    _refuse_words(reader, "title", *(str(each) for each in reader.inner("title").raw.values()))
    subjects = {
        each: _read_subject(reader.inner("subjects").inner(each), each)
        for each in reader.inner("subjects").raw
    }
    roles = {each: _read_role(reader.inner("roles").inner(each), each) for each in reader.inner("roles").raw}
    kind = Kind(
        name=name,
        pack=pack,
        title=reader.both("title"),
        action=reader.both("action", required=False),
        help=reader.both("help", required=False),
        roles=roles,
        subjects=subjects,
        fields={
            each: _read_field(reader.inner("fields").inner(each), each) for each in reader.inner("fields").raw
        },
        recorded_by=reader.texts("recorded_by"),
        on_behalf_of=reader.texts("on_behalf_of"),
        reaches=reader.text("reaches"),
        effect=reader.choice("effect", ("", *EFFECTS)),
        thread=reader.choice("thread", ("case", "period", "office"), "case"),
        follows=reader.texts("follows"),
        seen_by=reader.texts("seen_by") or tuple(roles),
        right=reader.choice("right", RIGHTS, "record"),
        matter=reader.both("matter", required=False),
        from_her={each: reader.inner("from_her").text(each) for each in reader.inner("from_her").raw},
        **{name: reader.flag(name) for name in _FLAGS},
        agrees_to=reader.text("agrees_to"),
        needs_consent=reader.text("needs_consent"),
        keeps=read_terms(reader, "keeps"),
        kept_by_law=read_terms(reader, "kept_by_law"),
        part=reader.choice("part", ("", *PARTS)),
        nothing_when={
            each: reader.inner("nothing_when").text(each) for each in reader.inner("nothing_when").raw
        },
    )
    _check_references(reader, kind)
    return kind


def _read_role(reader: Reader, name: str) -> Role:
    reader.only(*ROLE_KEYS)
    levels = reader.texts("levels")
    for level in levels:
        if level not in LEVELS:
            reader.fault("levels", f"{level!r} is no level; levels: {', '.join(LEVELS)}")
    return Role(
        name=name,
        title=reader.both("title"),
        group=reader.text("group"),
        required=reader.flag("required", default=True),
        levels=levels,
        anew=reader.flag("anew"),
        apart=reader.texts("apart"),
    )


def _read_subject(reader: Reader, name: str) -> Subject:
    reader.only(*SUBJECT_KEYS)
    reader.needs("shown_to")
    return Subject(name=name, title=reader.both("title"), shown_to=reader.texts("shown_to"))


def _read_field(reader: Reader, name: str) -> Field:
    reader.only(*FIELD_KEYS)
    reader.needs("type", "title")
    consent = reader.inner("consent") if "consent" in reader.raw else None
    if consent:
        consent.only(*CONSENT_KEYS)
        consent.needs("purpose")
    choices, refuses = reader.inner("choices"), reader.inner("refuses")
    made = Field(
        name=name,
        type=reader.choice("type", FIELD_TYPES, "text"),
        title=reader.both("title"),
        help=reader.both("help", required=False),
        required=reader.flag("required"),
        clock=reader.flag("clock"),
        subject=reader.text("subject"),
        choices={each: choices.both(each) for each in choices.raw},
        consent=consent.text("purpose") if consent else "",
        consent_of=consent.text("of") if consent else "",
        refuses={each: refuses.both(each) for each in refuses.raw},
        by_verb=reader.flag("by_verb"),
        required_when={
            each: reader.inner("required_when").texts(each) for each in reader.inner("required_when").raw
        },
    )
    _refuse_words(
        reader,
        "",
        name,
        *made.title.values(),
        *(text for each in made.choices.values() for text in each.values()),
    )
    for each in made.refuses:
        if each not in made.choices:
            refuses.fault(each, "is no choice of this field")
    if (made.type == "choice") != bool(made.choices):
        reader.fault("choices", "a field of type choice, and no other, lists its choices")
    if name == PRICE and (made.type != "choice" or set(made.choices) != {FREE} or not made.clock):
        reader.fault("", 'every service is free: a price is a clock field whose one choice is "0"')
    if made.clock and made.subject:
        reader.fault("clock", "a field about a person is sealed: rules may not read it")
    if made.clock and made.type in ("name", "identity-number", "phone", "place", "text", "long-text"):
        reader.fault("clock", f"a field of type {made.type} may name a person: rules may not read it")
    if made.consent and (made.type != "yes-no" or not made.clock):
        reader.fault("consent", "an agreement is a clock field of type yes-no")
    return made


def _refuse_words(reader: Reader, key: str, *texts: str) -> None:
    """Refuse what `docs/why/what-it-refuses.md` lists: no such field can be written, in either language."""
    for text in texts:
        for word in REFUSED_WORDS:
            if stands_in(word, text):
                reader.fault(
                    key,
                    f"refused: {word!r} stands for what this system never asks or stores (what-it-refuses)",
                )


def stands_in(word: str, text: str) -> bool:
    """Find an English word as a word (`fee` is not in `feedback`), a Chinese one or a stem anywhere."""
    spread, words = _spread(text)
    if word.isascii() and len(word) <= SHORT_WORD:
        return word in words
    return word.replace("_", " ") in spread


@lru_cache(maxsize=8192)
def _spread(text: str) -> tuple[str, frozenset[str]]:
    """Return a text with its words apart, and the words; each is looked through for every refused one."""
    spread = re.sub(r"[-_.]", " ", text.lower())
    return spread, frozenset(spread.split())


def _check_references(reader: Reader, kind: Kind) -> None:
    known = {*kind.roles, *(role.group for role in kind.roles.values() if role.group)}
    named = [("recorded_by", role, known) for role in kind.recorded_by]
    named += [("on_behalf_of", role, known) for role in kind.on_behalf_of]
    named += [("seen_by", role, known) for role in kind.seen_by]
    named += [("reaches", kind.reaches, known)] if kind.reaches else []
    for subject in kind.subjects.values():
        named += [(f"subjects.{subject.name}.shown_to", role, set(kind.roles)) for role in subject.shown_to]
    for key, role, roles in named:
        if role not in roles:
            reader.fault(key, f"{role!r} is no role of this kind")
    _check_field_references(reader, kind)
    _check_by_person(reader, kind)
    _check_part(reader, kind)
    for name in SAID_BY_VERB.get(kind.effect, ()):
        if name not in kind.fields:
            reader.fault("effect", f"{kind.effect} needs the field {name!r}")
    if kind.thread == "period" and not _is_period(kind.fields.get("period")):
        reader.fault("thread", "a kind of a period needs a clock field `period` of type period")
    if kind.public and (kind.subjects or any(not each.clock for each in kind.fields.values())):
        reader.fault("public", "what everybody may read is about no person: only clock fields")


def _check_part(reader: Reader, kind: Kind) -> None:
    """Refuse a part for which the kind lacks a clock field or a role, and values that its fields do not have."""
    fields, roles = PARTS.get(kind.part, ((), ()))
    clocks = {name for name, each in kind.fields.items() if each.clock}
    for name in (
        *(each for each in fields if each not in clocks),
        *(each for each in roles if each not in kind.roles),
    ):
        reader.fault("part", f"{kind.part} needs the clock field or role {name!r}")
    if kind.part in COUNTED and len([each for each in kind.fields.values() if each.type == "number"]) != 1:
        reader.fault("part", f"{kind.part} needs one number: it is summed up")
    for name, value in kind.nothing_when.items():
        one = kind.fields.get(name)
        if kind.part != "finding" or one is None or not one.clock or value not in one.choices:
            reader.fault(
                f"nothing_when.{name}", "is a choice of a clock field, of a kind with `part: finding`"
            )


def _check_by_person(reader: Reader, kind: Kind) -> None:
    """Refuse what is said for her in fields that are not there, and what she would do that is an office's to do."""
    for name, value in kind.from_her.items():
        one = kind.fields.get(name)
        if one is None or not one.clock:
            reader.fault(f"from_her.{name}", "is no clock field of this kind")
        elif one.choices and value not in one.choices:
            reader.fault(f"from_her.{name}", f"{value!r} is no choice of this field")
    for name, said in (("from_her", kind.from_her), ("hers_alone", kind.hers_alone)):
        if said and not kind.by_person:
            reader.fault(name, "has a meaning only with `by_person: true`")
    if kind.by_person and kind.effect in HERS_ALONE and not kind.hers_alone:
        reader.fault("hers_alone", f"nobody does it for her: {kind.effect}")
    if kind.by_person and (kind.system or kind.right != "record" or not kind.recorded_by):
        reader.fault("by_person", "she records only what an office could record of her at its desk")
    for each in kind.kept_by_law:
        if not each.cite.doc:
            reader.fault("kept_by_law.cite", "only a law keeps what she wants erased: name the document")


def _is_period(one: Field | None) -> bool:
    return one is not None and one.clock and one.type == "period"


def _check_field_references(reader: Reader, kind: Kind) -> None:
    for each in kind.fields.values():
        if each.subject and each.subject not in kind.subjects:
            reader.fault(f"fields.{each.name}.subject", f"{each.subject!r} is no subject of this kind")
        if each.consent_of and each.consent_of not in kind.roles:
            reader.fault(f"fields.{each.name}.consent.of", f"{each.consent_of!r} is no role of this kind")
        for name, values in each.required_when.items():
            if (
                each.required
                or name not in kind.fields
                or not set(values) <= kind.fields[name].choices.keys()
            ):
                key = f"fields.{each.name}.required_when.{name}"
                reader.fault(
                    key, "names choices of another field, with which a field that may else be empty is filled"
                )


def plain_faults(one: Field, value: object) -> str:
    """Return why a value cannot stand in a clock field, or an empty text."""
    if one.type == "yes-no" and not isinstance(value, bool):
        return "must be yes or no"
    if one.type == "number" and not is_number(value):
        return "must be a whole number"
    if one.type == "choice" and value not in one.choices:
        return f"must be one of: {', '.join(one.choices)}"
    return ""
