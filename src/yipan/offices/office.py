"""An organisation: a stable id, a kind, a level, a supervisor. Known is not opened: an event opens it.

The id is the name under which it was first known, `450921100` or `450921:police`. It never changes,
also when its division is renamed, so that an old journal still says whom it meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import connection, models

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The kind meant when none is said.
DEFAULT_KIND = "health"


class UnknownOrganisationError(YipanError):
    """No organisation bears that code."""

    code: ClassVar[str] = "unknown-organisation"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有代码为“{organisation}”的机构。",
        "en": "There is no organisation {organisation!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "机构代码为2、4、6、9位行政区划代码，部门在后面加冒号，例如 450921100 或 450921:police。",
        "en": "Write a division code of 2, 4, 6 or 9 digits, a department after a colon: 450921100 or 450921:police.",
    }


class Organisation(models.Model):
    """An office, department or facility that can owe and be owed."""

    id = models.TextField(primary_key=True)
    division = models.TextField()
    kind = models.TextField(default=DEFAULT_KIND)
    level = models.TextField()
    name = models.TextField()
    #: Where it is, from the province down, without its own name: 广西壮族自治区玉林市容县.
    place = models.TextField(default="")
    supervisor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supervised")

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["division", "kind"], name="one_organisation_of_a_kind_in_a_division"
            ),
        ]

    def __str__(self) -> str:
        """Return the id."""
        return self.id


class Line(models.Model):
    """One step of the closure: `superior` stands `depth` levels above `organisation`; 0 is itself."""

    pk = models.CompositePrimaryKey("organisation_id", "superior_id")
    # Drawn from the organisations in one statement: checking each of 300,000 rows again would cost seconds.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="lines", db_constraint=False, db_index=False
    )
    superior = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="subtree", db_constraint=False, db_index=False
    )
    depth = models.SmallIntegerField()

    class Meta:
        app_label = "offices"


def canonical(reference: str) -> str:
    """Return the id that a reference on the command line means: `450921:health` is `450921`."""
    code, _, kind = reference.strip().partition(":")
    return code if kind in ("", DEFAULT_KIND) else f"{code}:{kind}"


def organisation(reference: str) -> Organisation:
    """Return the organisation that a reference means: its id, or the code that its division has today.

    Raises:
        UnknownOrganisationError: none bears it.
    """
    code, _, kind = canonical(reference).partition(":")
    found = (
        Organisation.objects.filter(id=canonical(reference)).first()
        or Organisation.objects.filter(division=code, kind=kind or DEFAULT_KIND).first()
    )
    if found is None:
        raise UnknownOrganisationError(organisation=reference)
    return found


_LINES = """
SELECT asked.id, above.level, above.id
  FROM unnest(%s::text[]) AS asked(id)
  JOIN offices_line line ON line.organisation_id = asked.id
  JOIN offices_organisation above ON above.id = line.superior_id
UNION ALL
SELECT asked.id, beside.kind, beside.id
  FROM unnest(%s::text[]) AS asked(id)
  JOIN offices_organisation own ON own.id = asked.id
  JOIN offices_organisation beside ON beside.division = own.division AND beside.kind IN ('health', 'government')
"""


def lines_of(organisations: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, for each organisation, itself and those above it by level, and its health and government counterparts.

    Raises:
        UnknownOrganisationError: one of them is not known; it names the first.
    """
    asked = sorted(set(organisations))
    found: dict[str, dict[str, str]] = {}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_LINES, [asked, asked])
            for own, key, other in cursor.fetchall():
                found.setdefault(own, {})[key] = other
    for each in asked:
        if each not in found:
            raise UnknownOrganisationError(organisation=each)
    return found


def names_of(organisations: Iterable[str]) -> Mapping[str, str]:
    """Return the full names, place and all, by id."""
    rows = Organisation.objects.filter(id__in=set(organisations)).values_list("id", "place", "name")
    return {own: f"{place}{name}" for own, place, name in rows}
