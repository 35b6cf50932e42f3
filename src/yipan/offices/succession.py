"""Organisations that ended: who goes on in their place, and under which other codes an organisation is known.

Rows are written by the function that reads the event of the decision; the working role has no right to write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import connection, models

from yipan.errors import YipanError
from yipan.offices.office import Organisation, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Succession(models.Model):
    """An organisation that ended, and the one that goes on in its place."""

    predecessor = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.PROTECT, related_name="succession"
    )
    successor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="inherited")
    at = models.DateTimeField()
    #: The event of the decision, in the chain of the office that took it.
    decision = models.UUIDField()

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(predecessor=models.F("successor")), name="nobody_succeeds_itself"
            ),
        ]


class OfficeEndedError(YipanError):
    """The organisation has ended; another goes on in its place."""

    code: ClassVar[str] = "office-ended"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{organisation}已经终止，由{successor}承接。",
        "en": "{organisation} has ended; {successor} goes on in its place.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请以承接机构的身份办理；原机构在终止前所做的事，由承接机构凭证据代为登记。",
        "en": "Act for the successor; what the ended office did before, its successor records on its behalf, with evidence.",
    }


_STANDING = """
WITH RECURSIVE named AS (
    SELECT asked.reference, coalesce(own.id, recoded.id) AS id
      FROM unnest(%s::text[]) AS asked(reference)
      LEFT JOIN offices_organisation own ON own.id = asked.reference
      LEFT JOIN offices_organisation recoded ON own.id IS NULL
            AND recoded.division = split_part(asked.reference, ':', 1)
            AND recoded.kind = coalesce(nullif(split_part(asked.reference, ':', 2), ''), 'health')
), after AS (
    SELECT each.* FROM offices_succession each JOIN named ON each.predecessor_id = named.id
    UNION
    SELECT each.* FROM offices_succession each JOIN after ON each.predecessor_id = after.successor_id
)
SELECT reference, id, NULL::timestamptz FROM named WHERE id <> reference
UNION ALL
SELECT predecessor_id, successor_id, at FROM after
"""


def standing_of(references: Iterable[str]) -> tuple[dict[str, str], list[tuple[str, str, datetime]]]:
    """Return the ids of references that are codes of today only, and who took their place, from when, step by step."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [sorted(set(references))])
        rows = cursor.fetchall()
    ids = {one: other for one, other, at in rows if at is None}
    return ids, [(one, other, at) for one, other, at in rows if at is not None]


def refuse_ended(organisation: str) -> None:
    """Refuse to act for an organisation that has ended.

    Raises:
        OfficeEndedError: another goes on in its place.
    """
    found = Succession.objects.filter(predecessor_id=organisation).first()
    if found:
        names = names_of([organisation, found.successor_id])
        raise OfficeEndedError(
            organisation=f"{names[organisation]}（{organisation}）",
            successor=f"{names[found.successor_id]}（{found.successor_id}）",
        )
