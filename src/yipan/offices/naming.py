"""Names by day: what an organisation was called before, so that an old document still shows the old name.

The organisation's own row says what it is called today. Rows are written by the functions that read the events of a
renaming; the working role has no right to write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from yipan.offices.office import Organisation, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date


class FormerName(models.Model):
    """What an organisation was called, where, and under which code, until and not including a day."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="former_names")
    until_on = models.DateField()
    name = models.TextField()
    place = models.TextField()
    division = models.TextField()
    #: The event that renamed it.
    event = models.UUIDField()

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "event"], name="an_event_renames_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "until_on"], name="names_by_day")]


class NamesByDay:
    """The full names of some organisations, as they were on any day; two queries, whatever the days."""

    def __init__(self, organisations: Iterable[str]) -> None:
        """Read today's names and the former ones. Unknown organisations go by their ids."""
        wanted = set(organisations)
        self._today = names_of(wanted)
        self._former: dict[str, list[tuple[date, str]]] = {}
        for each in FormerName.objects.filter(organisation_id__in=wanted).order_by("until_on", "id"):
            self._former.setdefault(each.organisation_id, []).append(
                (each.until_on, f"{each.place}{each.name}")
            )

    def on(self, organisation: str, day: date) -> str:
        """Return the name on a day. Of two renamings of one day the first says what it was called before."""
        then = (name for until_on, name in self._former.get(organisation, ()) if day < until_on)
        return next(then, self._today.get(organisation, organisation))


def names_on(organisations: Iterable[str], day: date) -> Mapping[str, str]:
    """Return the full names, place and all, that organisations bore on a day, by id."""
    wanted = set(organisations)
    names = NamesByDay(wanted)
    return {each: names.on(each, day) for each in wanted}
