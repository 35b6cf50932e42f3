"""Reports: computed, checked, then filed: frozen under the office's own signature. They climb level by level.

Nobody keys a figure in again. What an office files is what was counted of itself and of all below it; what those below filed
must add up to it. A filed report is never changed: a correction is another one, that says why.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import IntegrityError, connection

from yipan.duties import sealing
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError, Fault
from yipan.duties.naming import new_id
from yipan.duties.projecting import Projecting
from yipan.errors import YipanError
from yipan.offices.office import names_of, organisation
from yipan.registry.register import record_drafts
from yipan.statistics import checks
from yipan.statistics.content import Content, asked_of, content_of, read_content, report_named
from yipan.statistics.models import Filing, FilingReason
from yipan.statistics.sealing import ReportChangedError, digest_of, holds, sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit
    from yipan.statistics.checks import Disagreement
    from yipan.statistics.engine import Engine
    from yipan.statistics.periods import Span

#: The report that climbs, and the kinds with which it is filed, corrected and examined.
CLIMBING: Final = "stat-level-by-level"
FILED, CORRECTED, EXAMINED = "quarter-report.filed", "quarter-report.corrected", "quarter-report.examined"
_BELOW: Final = (
    "SELECT line.organisation_id FROM offices_line line JOIN duties_openedoffice opened"
    " ON opened.organisation = line.organisation_id AND opened.closed_at IS NULL AND opened.opened_at < %s"
    " JOIN offices_organisation office ON office.id = line.organisation_id AND office.kind = 'health'"
    " WHERE line.superior_id = %s AND line.depth = 1 ORDER BY 1"
)
_REASON: Final = "INSERT INTO statistics_filingreason (id, office, sealed, wrapped_key, kek_version) VALUES (%s, %s, %s, %s, %s)"


class ReportDisagreesError(YipanError):
    """Figures of a report do not agree: it is not filed."""

    code: ClassVar[str] = "report-disagrees"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "有 {count} 处数字对不上，没有上报：{listing}",
        "en": "{count} figures do not agree, nothing was filed: {listing_en}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请先更正原始记录，再上报。",
        "en": "Correct the entries first, then file.",
    }


class AlreadyFiledError(YipanError):
    """That report was filed."""

    code: ClassVar[str] = "already-filed"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office} {period} 的报表已经上报。",
        "en": "The report of {office} for {period} was filed already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "数字有变的，另报更正并说明原因。",
        "en": "If its figures have changed, file a correction that says why.",
    }


class NotFiledError(YipanError):
    """There is no such filed report."""

    code: ClassVar[str] = "not-filed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office} {period} 的报表还没有上报。",
        "en": "The report of {office} for {period} was not filed yet.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请先上报。", "en": "File it first."}


class StillRunningError(YipanError):
    """The period is not over."""

    code: ClassVar[str] = "period-still-runs"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{period} 还没有结束，不能上报。",
        "en": "{period} is not over and cannot be filed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "可以先查看，期满之后再上报。",
        "en": "Look at it meanwhile, and file it when it is over.",
    }


class NothingChangedError(YipanError):
    """A correction says the same as what was filed."""

    code: ClassVar[str] = "nothing-changed"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "数字与已经上报的一样，没有可更正的。",
        "en": "The figures are those that were filed: there is nothing to correct.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "数字不对的，先更正原始记录。",
        "en": "If they are wrong, correct the entries first.",
    }


@dataclass(frozen=True, kw_only=True)
class Filed:
    """A report as it was filed, with what it says; `corrected_by` where another took its place."""

    event: UUID
    office: str
    period: str
    report: str
    made_at: datetime
    content: Content
    digest: str
    key: str
    signature: str
    corrects: UUID | None
    why: str
    corrected_by: UUID | None = None

    @property
    def is_as_signed(self) -> bool:
        """Whether it is what its office signed."""
        text = self.content.text()
        return digest_of(text) == self.digest and holds(self.office, self.key, text, self.signature)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A report ready to be looked at: what it says, what disagrees in it, and who below has not filed."""

    content: Content
    disagreements: tuple[Disagreement, ...]
    #: The standing reports of the offices right below, and those of them that are missing.
    below: Mapping[str, Filed]
    missing: tuple[str, ...]
    filed: Filed | None = None
    #: What disagrees with what another end holds: said before filing, and no ground to hold a report up.
    elsewhere: tuple[Disagreement, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Whether the figures are others than those that were filed."""
        return self.filed is not None and self.content.text() != self.filed.content.text()


def prepare(
    permit: Permit,
    span: Span,
    now: datetime,
    *,
    report: str = CLIMBING,
    fresh: bool = True,
    engine: Engine | None = None,
) -> Prepared:
    """Compute a report of the permit's organisation, and check it. Nothing is written but the folder of figures.

    `fresh`: bring that folder up to date first. `engine`: where the period is counted already (`checks.counted()`).

    Raises:
        NotPermittedError: the post does not include reading duties.
        ReportChangedError: a report below is not what its office signed.
    """
    permit.require("read-duties", now)
    office = organisation(permit.organisation).id
    below = _filed_below(permit, span, report)
    waited_for = _offices_below(office, span) if report == CLIMBING else []
    missing = tuple(each for each in waited_for if each not in below)
    with nullcontext(engine) if engine else checks.counted(span, now, fresh=fresh) as counted:
        content = content_of(counted, report_named(report), office, span, now)
        content = replace(content, below={name: each.digest for name, each in sorted(below.items())})
        every = checks.run(counted, asked_of(span, now), office)
    found = [each for each in every if _holds_up(each, office)]
    found += checks.of_content(content, {name: each.content for name, each in below.items()}, missing)
    return Prepared(
        content=content,
        disagreements=tuple(found),
        elsewhere=tuple(each for each in every if not _holds_up(each, office)),
        below=below,
        missing=missing,
        filed=standing(permit, office, span.name, report),
    )


def _holds_up(found: Disagreement, office: str) -> bool:
    """Tell whether a report is not filed before this is mended: it is of the office or one below, not of a department beside it."""
    its_own = found.office == office or ":" not in found.office
    return its_own and found.check.id in checks.before_filing(FILED)


def _offices_below(office: str, span: Span) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, [span.after_at, office])
        return [row[0] for row in cursor.fetchall()]


def _filed_below(permit: Permit, span: Span, report: str) -> dict[str, Filed]:
    offices = _offices_below(permit.organisation, span)
    found: dict[str, Filed] = {}
    for each in filings(permit, period=span.name, report=report):
        if each.office in offices and each.corrected_by is None:
            if not each.is_as_signed:
                raise ReportChangedError(office=each.office, period=each.period)
            found[each.office] = each
    return found


def filings(permit: Permit, *, office: str = "", period: str = "", report: str = "") -> list[Filed]:
    """Return the reports that the permit's organisation may see: its own and those of offices below, the latest first."""
    wanted = {
        name: value for name, value in (("office", office), ("period", period), ("report", report)) if value
    }
    with permit.in_force():
        rows = list(Filing.objects.filter(**wanted).order_by("-made_at", "-event"))
        reasons = FilingReason.objects.in_bulk([row.event for row in rows if row.corrects])
    corrected = {row.corrects: row.event for row in rows if row.corrects}
    return [_filed(row, reasons.get(row.event), corrected.get(row.event)) for row in rows]


def _filed(row: Filing, reason: FilingReason | None, corrected_by: UUID | None) -> Filed:
    why = b""
    if reason:
        key = sealing.unwrap(row.event, bytes(reason.wrapped_key), reason.kek_version)
        why = sealing.open_bytes(key, row.event, bytes(reason.sealed))
    return Filed(
        event=row.event, office=row.office, period=row.period, report=row.report, made_at=row.made_at,
        content=read_content(row.content), digest=row.digest, key=row.key, signature=row.signature,
        corrects=row.corrects, why=why.decode(), corrected_by=corrected_by,
    )  # fmt: skip


def standing(permit: Permit, office: str, period: str, report: str = CLIMBING) -> Filed | None:
    """Return the report that stands: the last correction, or what was filed."""
    found = filings(permit, office=office, period=period, report=report)
    return next((each for each in found if each.corrected_by is None), None)


# ------------------------------------------------------------------------------------------------- filing


class _Keeps(Projecting):
    """Keeps a report beside the entry that says it was filed, in its transaction; and why, where it corrects another."""

    def __init__(self, row: Mapping[str, Any], why: str) -> None:
        self._row, self._why = row, why

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write the rows."""
        if not written.recorded:
            return
        columns = ", ".join(self._row)
        marks = ", ".join("%s" for _ in self._row)
        cursor.execute(
            f"INSERT INTO statistics_filing ({columns}) VALUES ({marks})",  # noqa: S608  # our own columns
            list(self._row.values()),
        )
        if self._why:
            event = self._row["event"]
            fresh = sealing.new_subject_key(event)
            sealed = sealing.seal_bytes(fresh.key, event, self._why.encode())
            cursor.execute(_REASON, [event, self._row["office"], sealed, fresh.wrapped, fresh.version])


def file(
    permit: Permit, span: Span, now: datetime, *, report: str = CLIMBING, engine: Engine | None = None
) -> Filed:
    """File a report: computed anew, checked, signed by the office, and recorded. `engine`: as `prepare()` says.

    Raises:
        NotPermittedError: the post does not include recording.
        StillRunningError: the period is not over.
        AlreadyFiledError: it was filed.
        ReportDisagreesError: what disagrees with what.
    """
    permit.require("record", now)
    if now < span.after_at:
        raise StillRunningError(period=span.name)
    prepared = prepare(permit, span, now, report=report, engine=engine)
    if prepared.filed:
        raise AlreadyFiledError(office=permit.organisation, period=span.name)
    _refuse_disagreeing(prepared.disagreements)
    return _keep(permit, span, now, prepared, FILED, {})


def correct(  # as `file()`, with the reason
    permit: Permit,
    span: Span,
    now: datetime,
    why: str,
    *,
    report: str = CLIMBING,
    engine: Engine | None = None,
) -> Filed:
    """File a correction: the figures as they are counted now, and why they are others than those filed.

    `engine`: as `prepare()` says.

    Raises:
        NotFiledError, NothingChangedError, ReportDisagreesError: there is nothing to correct, or the new figures disagree.
        DraftFaultsError: it does not say why.
    """
    permit.require("record", now)
    if not why.strip():
        zh, en = "请写明更正原因。", "Say why it is corrected."
        raise DraftFaultsError([Fault(field="why", zh=zh, en=en)])
    prepared = prepare(permit, span, now, report=report, engine=engine)
    if prepared.filed is None:
        raise NotFiledError(office=permit.organisation, period=span.name)
    if not prepared.has_changed:
        raise NothingChangedError
    _refuse_disagreeing(prepared.disagreements)
    return _keep(permit, span, now, prepared, CORRECTED, {"why": why})


def _refuse_disagreeing(found: Sequence[Disagreement]) -> None:
    if found:
        listing = {language: " ".join(each.say(language) for each in found) for language in ("zh", "en")}
        raise ReportDisagreesError(count=len(found), listing=listing["zh"], listing_en=listing["en"])


def _keep(
    permit: Permit, span: Span, now: datetime, prepared: Prepared, kind: str, more: Mapping[str, str]
) -> Filed:
    text = prepared.content.text()
    digest, event = digest_of(text), new_id(now)
    key, signature = sign(permit.organisation, text)
    before = prepared.filed.event if prepared.filed else None
    row = {
        "event": event, "office": permit.organisation, "period": span.name, "report": prepared.content.report,
        "made_at": now, "content": text, "digest": digest, "key": key, "signature": signature, "corrects": before,
    }  # fmt: skip
    fields = {"office": permit.organisation, "period": span.name, "figures": digest, **more}
    draft = Draft(kind=kind, id=event, fields=fields, follows=(before,) if before else ())
    try:
        record_drafts(
            [draft], permit=permit, clock=lambda: now, also=_Keeps(row, more.get("why", "").strip())
        )
    except IntegrityError as error:
        raise AlreadyFiledError(office=permit.organisation, period=span.name) from error
    found = standing(permit, permit.organisation, span.name, prepared.content.report)
    if found is None:  # just written, by this very office
        raise AssertionError
    return found


def examine(  # noqa: PLR0913  # each is a box of the form
    permit: Permit,
    office: str,
    period: str,
    now: datetime,
    *,
    result: str,
    minutes: str,
    report: str = CLIMBING,
) -> Receipt:
    """Say of a report from below that it is accepted, or sent back to be corrected, and why.

    Raises:
        NotFiledError: there is none from that office.
        ReportChangedError: it is not what its office signed.
        DraftFaultsError: something is missing.
    """
    permit.require("record", now)
    found = standing(permit, office, period, report)
    if found is None or found.office == permit.organisation:
        raise NotFiledError(office=office, period=period)
    if not found.is_as_signed:
        raise ReportChangedError(office=office, period=period)
    fields = {
        "office": permit.organisation, "filer": office, "period": period, "figures": found.digest,
        "result": result, "minutes": minutes,
    }  # fmt: skip
    return record_drafts([Draft(kind=EXAMINED, fields=fields)], permit=permit, clock=lambda: now)


def office_names(content: Content) -> dict[str, str]:
    """Return the names of the offices of a report."""
    return dict(names_of({content.office, *(row.name for row in content.by_office)}))
