"""What `record()` refuses: each refusal a class, all faults of a draft at once, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from yipan.law.event import Event
    from yipan.law.kind import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong with a draft: the field or role it stands at, and what to do, in both languages."""

    field: str
    zh: str
    en: str
    #: The id of the draft, where its writer gave it one: of many sent together, which.
    draft: UUID | None = None

    def say(self, language: str) -> str:
        """Return the sentence in a language."""
        return self.zh if language == "zh" else self.en

    @classmethod
    def of(cls, draft: UUID | None, faults: Iterable[Fault]) -> list[Fault]:
        """Return the faults of one draft, each saying whose it is."""
        return [replace(each, draft=draft) for each in faults]


class DraftFaultsError(YipanError):
    """The draft cannot be recorded as it is. Nothing was written."""

    code: ClassVar[str] = "draft-faults"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "有 {count} 处需要改正，尚未记录：{listing}",
        "en": "{count} to mend, nothing was recorded: {listing}",
    }

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults."""
        self.faults = tuple(faults)
        super().__init__(count=len(faults))

    def say(self, language: str) -> str:
        """Return all faults in one text."""
        mark = "；" if language == "zh" else "; "
        listing = mark.join(f"{each.field}: {each.say(language)}" for each in self.faults)
        return self.sentence[language].format(count=len(self.faults), listing=listing)

    def as_dict(self) -> dict[str, object]:
        """Return the faults as data."""
        listed = [{"field": each.field, "zh": each.zh, "en": each.en} for each in self.faults]
        return super().as_dict() | {"faults": listed}


class EventIdTakenError(YipanError):
    """The id belongs to another event."""

    code: ClassVar[str] = "event-id-taken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "事件编号 {id} 已经用于另一条记录。",
        "en": "The event id {id} already belongs to another entry.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "新的事情请用新的编号；要更正原记录，请用更正。",
        "en": "Use a new id for a new event; to change the entry, record a correction.",
    }


class NotAtADeskError(YipanError):
    """The engine writes this kind of entry: no office may say it of itself or of another."""

    code: ClassVar[str] = "not-at-a-desk"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{kind}”由系统写入，不能由机构登记。",
        "en": "Entries of the kind {kind!r} are written by the system, never by an office.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "期间和逾期由 yipan sweep 写入，采用规则包用 yipan packs adopt。",
        "en": "Periods and lapses are written by yipan sweep, adoptions by yipan packs adopt.",
    }


class AnotherVerbError(YipanError):
    """What tables of a room above depend on was to be recorded without those tables."""

    code: ClassVar[str] = "another-verb"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{kind}”连着别的登记（{effect}），不能从这里单独记录。",
        "en": "Entries of the kind {kind!r} go with other tables ({effect}): they are not recorded from here.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在窗口的页面上办理这件事，或用 yipan record。",
        "en": "Record it on the pages of the desk, or with yipan record.",
    }


class UnknownThreadError(YipanError):
    """The case does not exist, or this office is no party to it: the two are not told apart."""

    code: ClassVar[str] = "unknown-case"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有找到案件 {thread}，或者本机构不是案件的一方。",
        "en": "There is no case {thread}, or this office is no party to it.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请从“今日应办”打开案件，或核对编号。",
        "en": "Open the case from what is due today, or check its number.",
    }


class StaleCaseError(YipanError):
    """Somebody else wrote in the case since it was opened here."""

    code: ClassVar[str] = "stale-case"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "您打开之后，案件已有新的记录，本次没有写入。",
        "en": "The case has new entries since you opened it; nothing was written.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请看一遍新的记录，再提交。",
        "en": "Look at the new entries and submit again.",
    }


class AdoptionNeededError(YipanError):
    """No pack has been adopted here."""

    code: ClassVar[str] = "nothing-adopted"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本系统尚未采用任何规则包。",
        "en": "No rule pack has been adopted here.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "运行 yipan packs adopt PACK。",
        "en": "Run: yipan packs adopt PACK",
    }


class UnknownPersonError(YipanError):
    """The person is not there, or not for this office."""

    code: ClassVar[str] = "unknown-person"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "登记册中没有编号为 {person} 的人，或本机构看不到。",
        "en": "There is no person {person} in the register, or none that this office may see.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在“人员”页查找后再办理。",
        "en": "Find the person on the page People first.",
    }


class NotReceivedError(YipanError):
    """What was handed in is taken nowhere: nothing of it is kept, neither the words nor the file."""

    code: ClassVar[str] = "not-received"
    sentence: ClassVar[dict[str, str]] = {"zh": "{zh}", "en": "{en}"}
    next_step: ClassVar[dict[str, str]] = {
        "zh": "如果是某个机构没有尽到职责，请写明是哪个机构、哪件事。",
        "en": "If an office did not do its duty, say which office and what it was.",
    }


def apart_faults(
    kind: Kind, parties: Mapping[str, Sequence[str]], history: Sequence[Event]
) -> Iterator[Fault]:
    """Yield a fault for each part that is played by who may not play it, being a side of the case."""
    for role, held in parties.items():
        barred = kind.roles[role].apart
        sides = {own for event in history for each in barred for own in event.parties.get(each, ())}
        if sides.intersection(held):
            title = kind.roles[role].title
            yield Fault(
                field=role,
                zh=f"案件的一方不能同时是{title['zh']}。",
                en=f"A side of the case cannot be its {title['en'].lower()}.",
            )
