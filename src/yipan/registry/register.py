"""The register's one verb: what is recorded about people goes through it, whoever asks.

It is `record()` with the register's tables kept in step in the same transaction. Before that it reads places as people write
them, and refuses what the register cannot hold; every fault at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import IntegrityError, connection

from yipan.duties.draft import Draft, Draftsman
from yipan.duties.faults import DraftFaultsError, Fault
from yipan.duties.journal import known
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Several
from yipan.duties.record import Receipt, record
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.placeindex import read_gazetteer
from yipan.offices.places import resolve
from yipan.registry import likeness
from yipan.registry.projection import Projection, number_digests
from yipan.registry.proxies import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.duties.projecting import Projecting
    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit

#: How many choices a fault lists for a place that may be one of several.
_CHOICES: Final = 8
#: After these somebody else's entry may turn out to be of the same person.
_LOOKED_AT: Final = frozenset({"person-enrolled", "person-updated"})
_ONE_OF_A_NUMBER: Final = "one_enrolment_of_a_number"


class AlreadyEnrolledError(YipanError):
    """This office has enrolled somebody under that number already."""

    code: ClassVar[str] = "already-enrolled"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本机构登记册中已有这个号码。",
        "en": "Somebody is enrolled under that number at this office already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在“人员”页按号码查找，在其登记上更新内容。",
        "en": "Find the person by the number on the page People, and bring that entry up to date.",
    }


def record_drafts(
    drafts: Sequence[Draft],
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    as_of: Mapping[UUID, int] | None = None,
    also: Projecting | None = None,
    counts_by: str = "recording",
) -> Receipt:
    """Record drafts of any kind, the register's own included. `also`: tables of a room above, kept in step too.

    Raises:
        DraftFaultsError: a place, a date or a decision that the register cannot hold; and all that `record()` refuses.
        AlreadyEnrolledError: the office has enrolled that number.
    """
    now = clock()
    book = lawbook()
    ready, checked, faults = [], [], []
    for draft in drafts:
        kind = book.kind(draft.kind, (draft.at or now).astimezone(SHANGHAI).date())
        resolved, wrong = _with_places(draft, kind)
        wrong += _date_faults(resolved, kind, now.astimezone(SHANGHAI).date())
        faults.extend(Fault.of(draft.id, wrong))
        checked.append((resolved, kind))
        ready.append(_coming_back(permit, resolved, kind))
    if faults:
        raise DraftFaultsError([*faults, *_beside(checked, faults, permit.organisation, now)])
    own = (Proxies(), Projection(permit))
    kept = Several(*own, also) if also else Several(*own)
    try:
        receipt = record(ready, permit=permit, clock=lambda: now, as_of=as_of, also=kept, counts_by=counts_by)
    except IntegrityError as error:
        if _ONE_OF_A_NUMBER in str(error):
            raise AlreadyEnrolledError from error
        raise
    if {book.kind(each.kind, now.astimezone(SHANGHAI).date()).effect for each in ready} & _LOOKED_AT:
        for thread in receipt.threads:
            likeness.ask_about(permit, thread, now)
    return receipt


def _beside(
    drafts: Sequence[tuple[Draft, Kind]], known: Sequence[Fault], acting: str, now: datetime
) -> list[Fault]:
    """Return what else is wrong in the fields of drafts that go back anyway, so that all is said at once."""
    said = {(each.draft, each.field) for each in known}
    draftsman = Draftsman(acting, frozenset(), now)
    found = []
    for draft, kind in drafts:
        wrong = draftsman.check(draft, kind, [])
        of_fields = [each for each in wrong if each.field in kind.fields] if isinstance(wrong, list) else []
        found += Fault.of(draft.id, (each for each in of_fields if (draft.id, each.field) not in said))
    return found


def _with_places(draft: Draft, kind: Kind) -> tuple[Draft, list[Fault]]:
    """Put the code of the division in the place of what was written; say what it may be when it is not one."""
    fields, faults = dict(draft.fields), []
    for name, each in kind.fields.items():
        text = str(fields.get(name) or "").strip()
        if each.type != "place" or not text:
            continue
        found = resolve(text, read_gazetteer())
        if found.found:
            fields[name] = found.found.division.code
        elif found.choices:
            listed = "、".join(place.full_name for place in found.choices[:_CHOICES])
            zh, en = f"“{text}”可能是：{listed}。请写明是哪一个。", f"{text!r} may be: {listed}. Say which."
            faults.append(Fault(field=name, zh=zh, en=en))
        else:
            zh, en = (
                f"找不到“{text}”这个地方，请写到县（区）或乡镇。",
                f"There is no place {text!r}; write the county or the township.",
            )
            faults.append(Fault(field=name, zh=zh, en=en))
    return replace(draft, fields=fields), faults


def _date_faults(draft: Draft, kind: Kind, today: date) -> list[Fault]:
    """Refuse days of a person's life that lie in the future."""
    if not kind.effect:
        return []
    faults = []
    for name, each in kind.fields.items():
        if each.type == "date" and each.subject and draft.fields.get(name):
            try:
                day = date.fromisoformat(str(draft.fields[name]))
            except ValueError:
                continue  # said by the check of the field itself
            if day > today:
                faults.append(
                    Fault(field=name, zh="日期不能晚于今天。", en="The day cannot lie in the future.")
                )
    return faults


def _coming_back(permit: Permit, draft: Draft, kind: Kind) -> Draft:
    """Let who enrols again after an ended enrolment go on in the same case, so that her line is kept.

    Raises:
        AlreadyEnrolledError: her enrolment holds.
    """
    number = str(draft.fields.get("identity_number") or "")
    if kind.effect != "person-enrolled" or draft.thread or not number:
        return draft
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT thread, ended FROM registry_person WHERE organisation = %s AND number_digest = ANY(%s)"
            " AND merged_into IS NULL ORDER BY ended, enrolled_on DESC LIMIT 1",
            [permit.organisation, number_digests(number)],
        )
        row = cursor.fetchone()
        if row and not row[1] and not (draft.id and known(cursor, [draft.id])):
            raise AlreadyEnrolledError
    return replace(draft, thread=row[0]) if row and row[1] else draft
