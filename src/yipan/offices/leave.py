"""Leave: days on which an officer does not act for an office, and who stands in for her."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from yipan.errors import YipanError
from yipan.offices.office import Line, Organisation
from yipan.offices.officer import Officer

if TYPE_CHECKING:
    from datetime import date


class Leave(models.Model):
    """An officer's leave from one office, from a day on and until, not including, another."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="leaves")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    stand_in = models.ForeignKey(Officer, on_delete=models.PROTECT, related_name="standing_in")
    from_on = models.DateField()
    until_on = models.DateField()

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until_on__gt=models.F("from_on")), name="leave_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~models.Q(officer=models.F("stand_in")), name="nobody_stands_in_for_herself"
            ),
        ]


class OnLeaveError(YipanError):
    """The officer is on leave; somebody stands in for her."""

    code: ClassVar[str] = "on-leave"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在{organisation}休假至{last_day}，由{stand_in}代办。",
        "en": "{officer} is on leave from {organisation} up to {last_day}; {stand_in} stands in.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请由代办人办理；提前回来的，请负责人提前结束休假：yipan officers return。",
        "en": "Let the stand-in act; who is back early asks the head to end the leave: yipan officers return.",
    }


def leaves_below(office: str, day: date) -> list[Leave]:
    """Return the leaves from an office and those below it that are not over on a day, the earliest first."""
    below = Line.objects.filter(superior_id=office).values("organisation_id")
    found = Leave.objects.filter(organisation_id__in=below, until_on__gt=day)
    return list(
        found.select_related("officer__user", "stand_in__user", "organisation").order_by("from_on", "id")
    )


def leave_on(officer: Officer, organisation: str, day: date) -> Leave | None:
    """Return the leave that an officer is on in an office on a day."""
    holds = officer.leaves.filter(organisation_id=organisation, from_on__lte=day, until_on__gt=day)
    return holds.select_related("stand_in__user").first()
