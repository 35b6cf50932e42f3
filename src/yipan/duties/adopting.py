"""Adopting: a pack or a calendar year becomes law here by an event, and its very texts are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid5

from django.db import connection
from psycopg.types.json import Jsonb

from yipan.database import pack_places
from yipan.duties.draft import Draft
from yipan.duties.faults import AdoptionNeededError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import office_thread
from yipan.duties.recompute import recompute_open
from yipan.duties.record import Receipt, record
from yipan.errors import FaultsFoundError, YipanError
from yipan.law.check import check_packs
from yipan.law.pack import Pack, read_packs
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from yipan.offices.permit import Permit


class UnknownPackError(YipanError):
    """There is no such pack in the folder of rule packs."""

    code: ClassVar[str] = "unknown-pack"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{pack}”的规则包。",
        "en": "There is no rule pack {pack!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan packs list 查看。",
        "en": "List them with: yipan packs list",
    }


class PlaceNotSetError(YipanError):
    """The document does not say of which place it is, and nobody has set it here."""

    code: ClassVar[str] = "place-not-set"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "规则包“{pack}”的原文没有写明是哪个地方，本部署也没有设定。",
        "en": "The document of the pack {pack!r} does not name its place, and none is set here.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "先设定，例如 YIPAN_PLACES={pack}={example}（仅为示范），再采用。",
        "en": "Set it first, for example YIPAN_PLACES={pack}={example} (for demonstration only), then adopt.",
    }


def packs_on_disk(root: Path, places: Mapping[str, str] | None = None) -> list[Pack]:
    """Return every pack of the folder, checked; `places` as they are set in the environment, unless they are said.

    Raises:
        FaultsFoundError: all faults of all packs.
    """
    faults = Faults()
    packs = read_packs(root, faults, pack_places() if places is None else places)
    check_packs(packs, faults)
    if faults.lines:
        raise FaultsFoundError(faults.lines)
    return packs


def on_disk(root: Path) -> Rulebook:
    """Return a rulebook of every pack on disk, each from its own first day: what `due` answers from."""
    return Rulebook([Adoption(pack=pack) for pack in packs_on_disk(root)])


def adopt(
    names: Sequence[str],
    *,
    root: Path,
    permit: Permit,
    now: datetime,
    effective_on: date | None = None,
    places: Mapping[str, str] | None = None,
) -> Receipt:
    """Adopt packs by name: texts kept, one event per pack, then every open duty is dated anew.

    A pack adopted with these very texts is left alone. `effective_on`: the day from which a new edition
    replaces the earlier one (None: from the pack's own first day).

    Raises:
        NotPermittedError: the permit does not include `adopt`.
        UnknownPackError, FaultsFoundError: a name or a text is wrong.
        PlaceNotSetError: the pack's document names no place, and none is set.
    """
    permit.require("adopt", now)
    found = {pack.name: pack for pack in packs_on_disk(root, places)}
    for name in names:
        if name not in found:
            raise UnknownPackError(pack=name)
        if not found[name].scope:
            raise PlaceNotSetError(pack=name, example=found[name].demonstration)
    packs = [found[name] for name in names]
    _keep_texts(packs)
    drafts = [_draft(pack, permit.organisation, effective_on) for pack in packs]
    try:
        lawbook()
    except AdoptionNeededError:
        # The first adoption is recorded under the very packs that it adopts.
        book = Rulebook([Adoption(pack=pack) for pack in packs])
        return record(drafts, permit=permit, clock=lambda: now, rulebook=book)
    receipt = record(drafts, permit=permit, clock=lambda: now, changes_law=True)
    told = recompute_open(now) if receipt.events else 0
    return replace(receipt, recomputed=receipt.recomputed + told)


def _keep_texts(packs: Sequence[Pack]) -> None:
    rows: list[Any] = [(pack.digest, pack.name, Jsonb(dict(pack.bundle))) for pack in packs]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO duties_lawtext (digest, name, bundle) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            rows,
        )


def _draft(pack: Pack, organisation: str, effective_on: date | None) -> Draft:
    fields: dict[str, object] = {"office": organisation, "pack": pack.name, "digest": pack.digest}
    if effective_on:
        fields["effective_on"] = effective_on.isoformat()
    thread = office_thread(organisation)
    return Draft(
        kind="pack.adopted",
        id=uuid5(thread, f"pack:{pack.name}:{pack.digest}:{effective_on}"),
        thread=thread,
        fields=fields,
    )
