"""Departments' monthly returns: taken in by one verb, small counts merged on the way in, kept with what they replaced.

The entry says that the department sent, by when, and the few sums that both ends hold or that count things; the table by
township stands beside it, with no small count in it. What breaks its contract is kept out whole, and why is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import IntegrityError, connection

from yipan.documents.verbs import missing_evidence
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.duties.projecting import Projecting
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import organisation
from yipan.registry.headcounts import threshold
from yipan.registry.register import record_drafts
from yipan.statistics.models import DepartmentReturn, Quarantined
from yipan.statistics.paperreturns import receiver_of, refuse_for
from yipan.statistics.periods import NoPeriodError, parse_period
from yipan.statistics.returnform import KIND, form_for
from yipan.statistics.returnsheet import ReturnRead, read_return
from yipan.statistics.sealing import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.offices.permit import Permit
    from yipan.statistics.paperreturns import Paper
    from yipan.statistics.periods import Span
    from yipan.statistics.returnform import Form, RowFault
    from yipan.statistics.returnsheet import Reason

#: What became of a file.
LOADED, ALREADY, KEPT_OUT, TO_MEND = "loaded", "already", "quarantined", "to-mend"
#: Fewer townships than this cannot hide one another.
_FEWEST_MERGED: Final = 2


class NoMonthError(YipanError):
    """A return is of one month."""

    code: ClassVar[str] = "no-month"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{month}”不是月份。",
        "en": "{month!r} is no month.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请写成 2026-10。", "en": "Write 2026-10."}


class MonthRunsError(YipanError):
    """The month is not over."""

    code: ClassVar[str] = "month-still-runs"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{month} 还没有过完，不能报。",
        "en": "{month} is not over: nothing can be sent for it yet.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请在次月初报送。", "en": "Send it when the month is over."}


class SentMeanwhileError(YipanError):
    """Somebody of the department sent that month at the same moment."""

    code: ClassVar[str] = "sent-meanwhile"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office} {month} 的月报刚刚另有人报送。",
        "en": "Somebody else of {office} has just sent {month}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请看一下已收的，再决定是否重报。",
        "en": "Look at what came, then decide whether to send yours.",
    }


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Townships of which one column is said only together; `count` is None where even their sum is small."""

    column: str
    townships: tuple[str, ...]
    count: int | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Counts by township as they are kept: nothing in it is small, nor can be worked out."""

    form: str
    version: str
    office: str
    month: str
    nil: bool
    columns: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
    merged: tuple[Merged, ...]
    #: By column; None: small.
    sums: Mapping[str, int | None]
    under: int

    def text(self) -> str:
        """Return it as canonical text, whose digest the entry holds."""
        said = {
            "form": self.form, "version": self.version, "office": self.office, "month": self.month, "nil": self.nil,
            "columns": list(self.columns), "under": self.under, "sums": dict(self.sums),
            "counts": [[township, column, count] for (township, column), count in sorted(self.counts.items())],
            "merged": [[each.column, list(each.townships), each.count] for each in self.merged],
        }  # fmt: skip
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A return as it was taken in. `replaced_by`: the one that was sent again after it."""

    event: UUID
    office: str
    month: str
    at: datetime
    table: Table
    digest: str
    file_digest: str
    replaces: UUID | None
    replaced_by: UUID | None = None
    #: The health office that entered it from paper; empty where the department sent it itself.
    entered_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a file: what was loaded, or why it was kept out, or what is to be mended in it."""

    state: str
    read: ReturnRead
    table: Table | None = None
    event: UUID | None = None
    replaced: UUID | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it was kept out whole."""
        return self.read.reasons

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """What is to be mended."""
        return self.read.faults


@dataclass(frozen=True, kw_only=True)
class KeptOut:
    """A file that was kept out: when, and why. What stood in it is not kept."""

    at: datetime
    office: str
    month: str
    digest: str
    reasons: tuple[Mapping[str, str], ...]


def month_of(text: str, now: datetime) -> Span:
    """Return the month that a text means; it is over.

    Raises:
        NoMonthError: it means none.
        MonthRunsError: it is not over.
    """
    span = named_month(text)
    if now < span.after_at:
        raise MonthRunsError(month=span.name)
    return span


def named_month(text: str) -> Span:
    """Return the month that a text means.

    Raises:
        NoMonthError: it means none.
    """
    try:
        span = parse_period(text)
    except NoPeriodError as error:
        raise NoMonthError(month=text) from error
    if span.unit != "month":
        raise NoMonthError(month=text)
    return span


def check(permit: Permit, content: bytes, month: str, now: datetime, *, office: str = "") -> Outcome:
    """Look at a file before it is loaded: what would be kept of it, or why not. Nothing is written.

    `office`: the department whose paper the permit's organisation enters; else it is its own.

    Raises:
        NotPermittedError: the post does not include recording.
        NotForItError: it does not enter that department's.
        NoReturnError, NoMonthError, MonthRunsError: there is no such return.
    """
    permit.require("record", now)
    whose = organisation(office or permit.organisation)
    refuse_for(permit, whose.id, now)
    span = month_of(month, now)
    return judge(permit, read_return(content, form_for(whose), whose, span.name), now, office=whose.id)


def judge(permit: Permit, read: ReturnRead, now: datetime, *, office: str = "") -> Outcome:
    """Say what would become of a file that was read: `check()` of what it yielded."""
    whose = office or permit.organisation
    if read.reasons:
        return Outcome(state=KEPT_OUT, read=read)
    if read.faults:
        return Outcome(state=TO_MEND, read=read)
    table = table_of(read, whose, said_by_entry(read.form, now))
    before = standing(permit, whose, read.month)
    same = before is not None and before.digest == digest_of(table.text())
    return Outcome(
        state=ALREADY if same else LOADED,
        read=read,
        table=table,
        event=before.event if same and before else None,
        replaced=before.event if before and not same else None,
    )


def load(permit: Permit, content: bytes, month: str, now: datetime, *, paper: Paper | None = None) -> Outcome:
    """Take in a return: kept out whole where it breaks its contract, given back where a row does, else recorded.

    The same once more changes nothing; another for the same month takes the place of the one before, which stays.
    `paper`: the department's that came on paper, entered by the permit's organisation.

    Raises:
        NotPermittedError: the post does not include recording.
        NotForItError: it does not enter that department's.
        NoReturnError, NoMonthError, MonthRunsError: there is no such return.
        SentMeanwhileError: another was recorded at the same moment.
        DraftFaultsError: what is said of the paper is not enough: no evidence, or a moment to come.
    """
    found = check(permit, content, month, now, office=paper.office if paper else "")
    if found.state == KEPT_OUT:
        keep_out(permit, found.read, now, office=paper.office if paper else "")
    return take_in(permit, found, now, paper=paper)


def take_in(permit: Permit, found: Outcome, now: datetime, *, paper: Paper | None = None) -> Outcome:
    """Record what was looked at, where it can be taken in and is not there already.

    Raises:
        As `load()`.
    """
    if found.state != LOADED or found.table is None:
        return found
    refuse_for(permit, found.table.office, now)
    event = send(
        permit, found.table, now, file_digest=found.read.digest, replaces=found.replaced, paper=paper
    )
    return Outcome(state=LOADED, read=found.read, table=found.table, event=event, replaced=found.replaced)


def send_nil(permit: Permit, month: str, now: datetime, *, paper: Paper | None = None) -> Outcome:
    """Say that a month held nothing: the return that needs no file.

    Raises:
        As `load()`.
    """
    permit.require("record", now)
    whose = organisation(paper.office if paper else permit.organisation)
    refuse_for(permit, whose.id, now)
    span, form = month_of(month, now), form_for(whose)
    read = ReturnRead(digest="", month=span.name, form=form, nil=True)
    return take_in(permit, judge(permit, read, now, office=whose.id), now, paper=paper)


# --------------------------------------------------------------------------------- no small count comes in


def table_of(read: ReturnRead, office: str, said_whole: frozenset[str]) -> Table:
    """Return what may be kept of a return: what is small is said only together with others.

    `said_whole`: the columns whose sum the entry says, whatever it is.
    """
    under = threshold()
    counts: dict[tuple[str, str], int] = {}
    merged: list[Merged] = []
    sums: dict[str, int | None] = {}
    for column in read.form.columns:
        own = {township: count for (township, each), count in read.counts.items() if each == column}
        together = merge(own, under)
        counts |= {(township, column): count for township, count in own.items() if township not in together}
        total = sum(own.values())
        pooled = sum(own[township] for township in together)
        hides = _tells(pooled, len(together), under)
        if together:
            merged.append(Merged(column=column, townships=together, count=None if hides else pooled))
        sums[column] = total if column in said_whole or not (together and hides) else None
    return Table(
        form=read.form.id, version=read.form.version, office=office, month=read.month, nil=read.nil,
        columns=tuple(read.form.columns), counts=counts, merged=tuple(merged), sums=sums, under=under,
    )  # fmt: skip


def merge(counts: Mapping[str, int], under: int) -> tuple[str, ...]:
    """Return the townships that are said only together: those with a small count, and as many others as hide them.

    The smallest of the others join until there are two, their sum is not small, and it is not one for each.
    """
    small = [township for township, count in sorted(counts.items()) if 0 < count < under]
    others = sorted(
        (township for township, count in counts.items() if count >= under),
        key=lambda each: (counts[each], each),
    )
    while small and others and _tells(sum(counts[each] for each in small), len(small), under):
        small.append(others.pop(0))
    return tuple(sorted(small))


def _tells(total: int, townships: int, under: int) -> bool:
    """Tell whether the sum of several counts, none of them 0, says of one how small it is."""
    return townships < _FEWEST_MERGED or total < under or total == townships


def said_by_entry(form: Form, now: datetime) -> frozenset[str]:
    """Return the columns whose sum the entry itself says: what both ends hold, and counts of things."""
    fields = lawbook().kind(KIND, now.astimezone(SHANGHAI).date()).fields
    return frozenset(name for name in form.columns if name in fields)


# ----------------------------------------------------------------------------------------------- the verb


class _Keeps(Projecting):
    """Keeps the table beside the entry that says it was sent, in its transaction."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write the row."""
        if written.recorded:
            _insert(cursor, "statistics_departmentreturn", self._row)


def _insert(cursor: CursorWrapper, table: str, row: Mapping[str, Any]) -> None:
    columns, marks = ", ".join(row), ", ".join("%s" for _ in row)
    cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))  # noqa: S608  # our own names


def send(
    permit: Permit,
    table: Table,
    now: datetime,
    *,
    file_digest: str,
    replaces: UUID | None,
    paper: Paper | None = None,
) -> UUID:
    """Record that the department sent a return, and keep its table; return the entry. It discharges what the month owes.

    Raises:
        NotPermittedError: the post does not include recording.
        SentMeanwhileError: another was recorded at the same moment.
        DraftFaultsError: what is said of the paper is not enough: no evidence that is kept here, or a moment to come.
    """
    permit.require("record", now)
    text, event = table.text(), new_id(now)
    digest = digest_of(text)
    row = {
        "event": event, "office": table.office, "sent_to": receiver_of(table.office), "period": table.month,
        "form": table.form, "version": table.version, "made_at": now, "nil": table.nil, "content": text,
        "digest": digest, "file_digest": file_digest, "replaces": replaces,
        "entered_by": permit.organisation if paper else "",
    }  # fmt: skip
    known = lawbook().kind(KIND, now.astimezone(SHANGHAI).date()).fields
    fields: dict[str, object] = {"period": table.month, "content": "nil" if table.nil else "counts"}
    if "figures" in known:
        fields["figures"] = digest
    if not table.nil:
        fields |= {name: table.sums[name] for name in table.columns if name in known}
    draft = Draft(kind=KIND, id=event, fields=fields, follows=(replaces,) if replaces else ())
    if paper:
        draft = replace(
            draft, on_behalf_of=paper.office, at=paper.arrived_at, evidence=paper.evidence,
            fields={**fields, "office": paper.office},
        )  # fmt: skip
        if faults := missing_evidence(permit, [draft]):
            raise DraftFaultsError(faults)
    try:
        record_drafts([draft], permit=permit, clock=lambda: now, also=_Keeps(row))
    except IntegrityError as error:
        raise SentMeanwhileError(office=table.office, month=table.month) from error
    return event


def keep_out(permit: Permit, read: ReturnRead, now: datetime, *, office: str = "") -> None:
    """Write down that a file was kept out, and why: nothing of what stood in it. `office`: as `check()` says.

    Raises:
        NotPermittedError: the post does not include recording.
    """
    permit.require("record", now)
    whose = office or permit.organisation
    reasons = [{"code": each.code, "zh": each.zh, "en": each.en} for each in read.reasons]
    row = {
        "id": new_id(now), "office": whose, "sent_to": receiver_of(whose),
        "period": read.month, "at": now, "file_digest": read.digest,
        "reasons": json.dumps(reasons, ensure_ascii=False),
    }  # fmt: skip
    with permit.in_force(), connection.cursor() as cursor:
        _insert(cursor, "statistics_quarantined", row)


# ------------------------------------------------------------------------------------------------- reading


def returns(permit: Permit, *, office: str = "", month: str = "") -> list[Kept]:
    """Return what was taken in and the permit's organisation may see: its own, and what was sent to it or below it; latest first."""
    wanted = {name: value for name, value in (("office", office), ("period", month)) if value}
    with permit.in_force():
        rows = list(DepartmentReturn.objects.filter(**wanted).order_by("-made_at", "-event"))
    replaced = {row.replaces: row.event for row in rows if row.replaces}
    return [_kept(row, replaced.get(row.event)) for row in rows]


def _kept(row: DepartmentReturn, replaced_by: UUID | None) -> Kept:
    return Kept(
        event=row.event, office=row.office, month=row.period, at=row.made_at.astimezone(SHANGHAI),
        table=read_table(row.content), digest=row.digest, file_digest=row.file_digest, replaces=row.replaces,
        replaced_by=replaced_by, entered_by=row.entered_by,
    )  # fmt: skip


def read_table(text: str) -> Table:
    """Return a table from its canonical text."""
    said = json.loads(text)
    return Table(
        form=said["form"], version=said["version"], office=said["office"], month=said["month"], nil=said["nil"],
        columns=tuple(said["columns"]), sums=said["sums"], under=said["under"],
        counts={(township, column): count for township, column, count in said["counts"]},
        merged=tuple(
            Merged(column=column, townships=tuple(townships), count=count)
            for column, townships, count in said["merged"]
        ),
    )  # fmt: skip


def standing(permit: Permit, office: str, month: str) -> Kept | None:
    """Return the return that stands: the one sent last."""
    found = returns(permit, office=office, month=month)
    return next((each for each in found if each.replaced_by is None), None)


def kept_out(permit: Permit, *, month: str = "", office: str = "") -> list[KeptOut]:
    """Return the files that were kept out, the latest first, by whom the permit's organisation may see."""
    wanted = {name: value for name, value in (("office", office), ("period", month)) if value}
    with permit.in_force():
        rows: Sequence[Quarantined] = list(Quarantined.objects.filter(**wanted).order_by("-at", "-id"))
    return [
        KeptOut(
            at=row.at.astimezone(SHANGHAI), office=row.office, month=row.period, digest=row.file_digest,
            reasons=tuple(json.loads(row.reasons)),
        )
        for row in rows
    ]  # fmt: skip
