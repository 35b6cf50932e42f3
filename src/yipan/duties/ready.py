"""First use: an empty data folder becomes an installation that knows every office and has adopted its law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from yipan import database
from yipan.duties.adopting import adopt
from yipan.duties.event import Adoption
from yipan.law.pack import parse_yaml
from yipan.offices.divisions import NATION
from yipan.offices.loading import load_organisations
from yipan.offices.office import Organisation, organisation
from yipan.offices.officer import ROLES
from yipan.offices.permit import LOCAL_OPERATOR, Permit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

_LOCK = 0x5969_7061_6E03


def make_ready(root: Path, now: datetime, say: Callable[[str], None] | None = None) -> None:
    """Bring tables, organisations and adopted law up to date. Cheap when there is nothing to do.

    Raises:
        DatabaseError: no database can be had.
        FaultsFoundError: a rule pack is wrong.
    """
    tell = say or (lambda _line: None)
    database.ensure()
    if database.migrate():
        tell("tables are up to date")
    if Adoption.objects.exists():
        return
    with connection.cursor() as cursor:
        # Two processes at the first use: the second waits and finds everything done.
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        if not Organisation.objects.exists():
            tell(f"{load_organisations()} organisations are known")
        if not Adoption.objects.exists():
            adopt(names_at_setup(root), root=root, permit=_founder(now), now=now)
            tell("the law is adopted: " + ", ".join(names_at_setup(root)))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def names_at_setup(root: Path) -> list[str]:
    """Return the packs that a new installation adopts, as `at-setup.yaml` says."""
    said = parse_yaml((root / "at-setup.yaml").read_text(encoding="utf-8"))
    return list(said["adopt"]) if isinstance(said, dict) else []


def _founder(now: datetime) -> Permit:
    return Permit(
        officer=LOCAL_OPERATOR,
        organisation=organisation(NATION).id,
        rights=ROLES["data-officer"],
        purpose="first use",
        until_at=now,
    )
