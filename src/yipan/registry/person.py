"""The register of an office: who enrolled there, where she lived when, and which entries may be one person.

All of it is drawn from the journal by `projection.py` and can be drawn anew. Names and divisions are clear, for the
office that enrolled her alone; numbers, telephones and birth dates are found by keyed digests and read from the payloads.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q


class Person(models.Model):
    """One enrolment at one office. Its thread is its number in the register; no number is national."""

    thread = models.UUIDField(primary_key=True)
    #: Whose key opens her payloads.
    subject = models.UUIDField()
    organisation = models.TextField()
    enrolled_on = models.DateField()
    name = models.TextField(db_collation="C")
    #: Syllables joined, surname read as a surname: shanxiongxin; and their first letters: sxx.
    pinyin = models.TextField(db_collation="C")
    initials = models.TextField(db_collation="C")
    number_digest = models.BinaryField()
    phone_digest = models.BinaryField(null=True)
    #: The sound of the name with the birth date, with the phone, with region and serial of the number.
    like_birth = models.BinaryField(null=True)
    like_phone = models.BinaryField(null=True)
    like_serial = models.BinaryField()
    home = models.TextField(default="")
    residence = models.TextField(default="")
    #: What should be looked at on paper, by the names in `doubts.DOUBTS`; empty once somebody did.
    number_doubts = ArrayField(models.TextField(), default=list, db_default=[])
    #: The roster she came in, if she did.
    intake = models.UUIDField(null=True)
    #: The office that had her until this one took its place; empty for who enrolled here.
    came_from = models.TextField(default="")
    #: Why the enrolment ended; empty while it holds.
    ended = models.TextField(default="")
    #: The entry that was decided to be the same person and kept in front.
    merged_into = models.UUIDField(null=True)

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            models.UniqueConstraint(
                # Who comes back goes on in her entry; of two that are one person the other stays, out of the way.
                # What came over from an office that ended may bear a number that is here already: that is a question.
                fields=["number_digest", "organisation", "came_from", "merged_into"],
                nulls_distinct=False,
                name="one_enrolment_of_a_number",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "name"], name="people_by_name"),
            models.Index(fields=["organisation", "pinyin"], name="people_by_pinyin"),
            models.Index(fields=["organisation", "initials"], name="people_by_initials"),
            models.Index(fields=["phone_digest", "organisation"], name="people_by_phone"),
            models.Index(fields=["like_birth", "organisation"], name="people_like_birth"),
            models.Index(fields=["like_phone", "organisation"], name="people_like_phone"),
            models.Index(fields=["like_serial", "organisation"], name="people_like_serial"),
            models.Index(
                fields=["organisation", "enrolled_on", "thread"],
                condition=~Q(number_doubts=[]),
                name="people_by_number_doubts",
            ),
            models.Index(fields=["intake"], condition=Q(intake__isnull=False), name="people_of_an_intake"),
        ]


class DateRange(Func):
    """The days from one to another, the latter not included; open where one is not known."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Stay(models.Model):
    """A stretch of her line through places and time: from a day (None: not known) until, not including, another."""

    pk = models.CompositePrimaryKey("thread", "number")
    thread = models.UUIDField()
    number = models.SmallIntegerField()
    organisation = models.TextField()
    place = models.TextField()
    reason = models.TextField(default="")
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            ExclusionConstraint(
                name="stays_of_a_person_do_not_overlap",
                expressions=[
                    ("thread", RangeOperators.EQUAL),
                    (DateRange("from_on", "until_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]


class Question(models.Model):
    """Two entries of one office that may be one person, until somebody decides. `decided`: empty, same or different."""

    pk = models.CompositePrimaryKey("one", "other")
    #: The smaller of the two ids.
    one = models.UUIDField()
    other = models.UUIDField()
    organisation = models.TextField()
    found_at = models.DateTimeField()
    score = models.IntegerField()
    #: The codes of the reasons, as `matching` gives them: no fact of hers.
    reasons = models.JSONField()
    decided = models.TextField(default="")

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [
            models.Index(fields=["organisation"], condition=Q(decided=""), name="open_questions_of_an_office")
        ]


class HeadCount(models.Model):
    """How many people who are not enrolled an office counted in a township in a month. No names, here or anywhere."""

    event = models.UUIDField(primary_key=True)
    organisation = models.TextField()
    township = models.TextField()
    month = models.TextField()
    people = models.IntegerField()

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [models.Index(fields=["organisation", "month"], name="headcounts_of_a_month")]
