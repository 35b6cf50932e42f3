"""The cast: a township in Guangdong where they live, her home in Chongqing, his in Guangxi, and the office above his."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from yipan.duties.draft import Draft
from yipan.duties.record import Receipt, record
from yipan.duties.settle import COLUMNS
from yipan.law.fold import Duty
from yipan.offices.office import Organisation
from yipan.offices.officer import ROLES
from yipan.offices.permit import Permit, set_acting

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVIDENCE = "e" * 64
#: Every test gets townships that no other test has used, nor the tests of the pages: the journal is never emptied.
_fresh = itertools.count()


def at(text: str) -> datetime:
    """Return a moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def townships(first: str, before: str, number: int, without: str = "-") -> str:
    """Return the n-th township between two codes that has a county above it; none whose code begins with `without`."""
    query = Organisation.objects.filter(level="township", kind="health", id__gte=first, id__lt=before)
    query = query.exclude(id__startswith=without)
    return str(query.filter(supervisor__level="county").order_by("id").values_list("id", flat=True)[number])


def permit(office: str, now: datetime, *roles: str) -> Permit:
    """Return a permit with the rights of the roles (head, when none is said)."""
    rights = frozenset().union(*(ROLES[role] for role in roles or ("head",)))
    return Permit(
        officer="he.jing",
        organisation=office,
        rights=rights,
        purpose="test",
        until_at=now + timedelta(hours=1),
    )


@dataclass(kw_only=True)
class Cast:
    """The offices of one test, and the case they work on."""

    residence: str
    her_home: str
    his_home: str
    his_county: str
    touched: set[UUID] = field(default_factory=set)
    thread: UUID | None = None

    def act(self, office: str, kind: str, when: str, *, thread: UUID | None = None, **said: Any) -> Receipt:  # noqa: ANN401  # the fields of any kind
        """Record one event for an office at a moment; `on`, `evidence`, `id` and the like go to the draft."""
        moment = at(when)
        words: dict[str, Any] = {
            name: said.pop(name) for name in ("id", "evidence", "on_behalf_of", "corrects") if name in said
        }
        as_of = said.pop("as_of", None)
        arrived = said.pop("arrived", None)
        if arrived:
            words |= {"at": at(arrived), "evidence": words.get("evidence", EVIDENCE)}
        draft = Draft(kind=kind, thread=thread, fields=said, **words)
        seen = {thread: as_of} if thread and as_of is not None else None
        receipt = record([draft], permit=permit(office, moment), clock=lambda: moment, as_of=seen)
        self.touched.update(receipt.threads)
        return receipt

    def step(self, office: str, kind: str, when: str, **said: Any) -> Receipt:  # noqa: ANN401  # the fields of any kind
        """Record one event in the case."""
        return self.act(office, kind, when, thread=self.thread, **said)

    def open_offices(self, when: str = "2026-03-01T08:00") -> None:
        """Put residence and her home on the system; his home and his county stay outside."""
        for office in (self.residence, self.her_home):
            self.act(office, "office.opened", when)

    def ask(self, when: str = "2026-03-02T10:00", **said: Any) -> UUID:  # noqa: ANN401  # the fields of any kind
        """Begin the case."""
        fields: dict[str, Any] = {
            "her_home": self.her_home, "his_home": self.his_home, "her_name": "李秀兰", "his_name": "陈志强",
            "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True, "her_agrees_notice": True,
        }  # fmt: skip
        receipt = self.act(self.residence, "birth-registration.asked", when, **(fields | said))
        self.thread = receipt.threads[0]
        return self.thread

    def duties(self, thread: UUID | None = None) -> dict[tuple[str, str], Duty]:
        """Return all duties of the case by rule and party role, whoever may see them."""
        wanted = thread or self.thread
        with transaction.atomic(), connection.cursor() as cursor:
            set_acting("", "test", [wanted] if wanted else [])
            columns = ", ".join("thread_id" if name == "thread" else name for name in COLUMNS)
            cursor.execute(f"SELECT {columns} FROM duties_duty WHERE thread_id = %s", [wanted])  # noqa: S608
            found = [Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]
        return {(duty.rule, duty.party_role): duty for duty in found}

    def kinds(self, thread: UUID | None = None) -> list[str]:
        """Return the kinds in the journal of the case, in the order the law takes them."""
        wanted = thread or self.thread
        with transaction.atomic(), connection.cursor() as cursor:
            set_acting("", "test", [wanted] if wanted else [])
            cursor.execute(
                "SELECT kind FROM duties_event WHERE thread_id = %s ORDER BY counts_at, id", [wanted]
            )
            return [row[0] for row in cursor.fetchall()]


def new_cast() -> Cast:
    """Return offices that nobody has used in this run."""
    number = next(_fresh)
    # Yulin is where the pages and the provinces have their townships.
    his_home = townships("4503", "4515", number, without="4509")
    return Cast(
        residence=townships("4412", "4419", number),
        # The counties of Chongqing; when they are used up, Sichuan.
        her_home=townships("5002", "5134", number),
        his_home=his_home,
        his_county=str(Organisation.objects.get(id=his_home).supervisor_id),
    )


def fresh_id() -> UUID:
    """Return an event id of the caller's own."""
    return uuid4()
