"""A builder of histories for the tests of the fold: one thread, its cast, and its events in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tests.law.lawbook import line_of, rulebook
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import Duty, fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yipan.law.event import Plain
    from yipan.law.rulebook import Rulebook

GUANGZHOU, CHONGQING, RONG = "440104001", "500101001", "450921100"
THREAD = UUID(int=7)


def moment(text: str) -> datetime:
    """Return a moment of Asia/Shanghai from its text."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class History:
    """Events of one thread as they are written down; ids grow with the order of writing."""

    events: list[Event] = field(default_factory=list)
    rules: Rulebook = field(default_factory=rulebook)

    def write(
        self,
        kind: str,
        at: str,
        by: str = GUANGZHOU,
        *,
        clock: Mapping[str, Plain] | None = None,
        corrects: Event | None = None,
        parties: Mapping[str, str],
    ) -> Event:
        """Write one event down and return it."""
        event = Event(
            id=UUID(int=1000 + len(self.events)),
            kind=kind,
            thread=THREAD,
            counts_at=moment(at),
            parties={role: (office,) for role, office in parties.items()},
            lines={office: line_of(office) for office in {by, *parties.values()} if office[:1].isdigit()},
            actor=by,
            clock=clock or {},
            corrects=corrects.id if corrects else None,
        )
        self.events.append(event)
        return event

    def duties(self, rule: str = "", *, state: str = "") -> list[Duty]:
        """Return the duties of the fold, of one rule and in one state if asked."""
        return [
            duty
            for duty in fold(self.events, self.rules)
            if rule in ("", duty.rule) and state in ("", duty.state)
        ]

    def duty(self, rule: str, party: str = "") -> Duty:
        """Return the one duty of a rule that is not void, for one party if asked."""
        (found,) = [
            each for each in self.duties(rule) if each.state != "void" and party in ("", each.party_role)
        ]
        return found

    def lapse(self, duty: Duty, at: str) -> Event:
        """Write down that a duty passed its deadline, as a sweep at that moment would."""
        clock: dict[str, Plain] = {"duty": str(duty.id), "rule": duty.rule, "due_at": str(duty.due_at)}
        return self.write(
            "duty.lapsed",
            at,
            duty.owed_by,
            clock=clock,
            parties={"debtor": duty.owed_by, "creditor": duty.owed_to},
        )


def couple(*, her_home: str = CHONGQING, his_home: str = RONG, rules: Rulebook | None = None) -> History:
    """Return the history of a couple in Guangzhou who registered and both agreed to verification."""
    history = History(rules=rules) if rules else History()
    homes = {"residence": GUANGZHOU, "her_home": her_home, "his_home": his_home}
    yes: dict[str, Plain] = {"papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True}
    history.write("birth-registration.asked", "2026-02-27T10:00", clock=yes, parties=homes)
    history.write("birth-registration.entered", "2026-02-27T10:20", parties=homes)
    return history


def asked(history: History, at: str = "2026-03-02T09:00", channel: str = "system", **homes: str) -> Event:
    """Write down that the homes are asked to verify."""
    homes = homes or {"her_home": CHONGQING, "his_home": RONG}
    return history.write(
        "verification.asked", at, clock={"channel": channel}, parties={"asker": GUANGZHOU, **homes}
    )


def answered(history: History, at: str, by: str, corrects: Event | None = None, **homes: str) -> Event:
    """Write down that a home answered."""
    return history.write(
        "verification.answered",
        at,
        by,
        clock={"result": "confirmed"},
        corrects=corrects,
        parties={"asker": GUANGZHOU, **homes},
    )
