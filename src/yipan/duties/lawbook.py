"""The rulebook of this installation: what the adoption events say, read once and kept until they change."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.db import connection

from yipan.duties.event import Adoption as AdoptionRow
from yipan.duties.faults import AdoptionNeededError
from yipan.law.pack import read_pack
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook

#: One short text that changes whenever something is adopted: reading the packs again is for then.
_STANDING: Final = (
    "SELECT md5(string_agg(concat_ws(' ', event_id, text_id, effective_on, known_at), ',' ORDER BY event_id)),"
    " EXISTS (SELECT FROM offices_succession) OR EXISTS (SELECT FROM offices_formername) FROM duties_adoption"
)


def lawbook() -> Rulebook:
    """Return the rulebook as adopted here.

    Raises:
        AdoptionNeededError: nothing has been adopted.
    """
    return lawbook_and_offices()[0]


def lawbook_and_offices() -> tuple[Rulebook, bool]:
    """Return the rulebook, and whether any organisation was ever renamed or succeeded: both in one question.

    Raises:
        AdoptionNeededError: nothing has been adopted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        standing, reorganised = cursor.fetchone()
    if not standing:
        raise AdoptionNeededError
    return _read(standing), reorganised


@lru_cache(maxsize=4)
def _read(_standing: str) -> Rulebook:
    rows = AdoptionRow.objects.select_related("text").order_by("event_id")
    faults = Faults()
    adoptions = []
    for row in rows:
        pack = read_pack(row.text.bundle, where=row.text.name, faults=faults)
        adoptions.append(Adoption(pack=pack, effective_on=row.effective_on, known_at=row.known_at))
    return Rulebook(adoptions)
