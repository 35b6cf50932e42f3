"""The journal: events written once, chained per organisation; payloads sealed per person; adoptions of law.

Rows are written by `record()` alone and never changed: the working role has no right to update or delete them. One verb
writes a row and what it points to in one transaction, so the database is not asked about every row again; that all
of it is there, `journal verify` looks at.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Thread(models.Model):
    """A case, or the periodic business of one office in one year. Its row is the lock that writers take first."""

    id = models.UUIDField(primary_key=True)

    class Meta:
        app_label = "duties"


class Event(models.Model):
    """Something that happened. All columns are clear: who, when, and the clock fields that rules may read."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    #: The pack and the first letters of the digest of its edition: which schema reads the event.
    pack = models.TextField()
    thread = models.ForeignKey(
        Thread, on_delete=models.PROTECT, related_name="events", db_constraint=False, db_index=False
    )
    parties = models.JSONField()
    lines = models.JSONField()
    recorded_by = models.TextField()
    officer = models.TextField()
    on_behalf_of = models.TextField(default="")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    counts_at = models.DateTimeField()
    #: What makes that moment count: `recording`, `evidence:<digest>`, `calendar`.
    counts_by = models.TextField()
    clock = models.JSONField()
    follows = ArrayField(models.UUIDField(), default=list)
    corrects = models.UUIDField(null=True)
    #: The organisations that may read the row.
    seen_by = ArrayField(models.TextField())
    #: The persons who may see the row as theirs; see `whose`.
    persons = ArrayField(models.UUIDField(), default=list)
    seq = models.BigIntegerField()
    previous = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        app_label = "duties"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recorded_by", "seq"], name="one_event_at_each_place_of_a_chain"),
        ]
        indexes: ClassVar = [models.Index(fields=["thread", "counts_at"], name="events_of_a_thread")]


class Subject(models.Model):
    """The key of one person in this installation. Erasing it makes every payload of hers unreadable."""

    id = models.UUIDField(primary_key=True)
    wrapped_key = models.BinaryField(null=True)
    kek_version = models.SmallIntegerField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "duties"


class ThreadSubject(models.Model):
    """Which person a case means by `her` or `him`; `case` holds the key of words about no one person."""

    pk = models.CompositePrimaryKey("thread_id", "name")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    name = models.TextField()
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, db_constraint=False)
    #: Whether the case is about her alone; else which roles are hers, everybody's, and somebody else's; see `whose`.
    alone = models.BooleanField(default=False)
    own = ArrayField(models.TextField(), default=list)
    shared = ArrayField(models.TextField(), default=list)
    others = ArrayField(models.TextField(), default=list)

    class Meta:
        app_label = "duties"


class Payload(models.Model):
    """What one event says of one person, sealed with her key. The chain holds the digest of the ciphertext."""

    pk = models.CompositePrimaryKey("event_id", "name")
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="payloads", db_constraint=False, db_index=False
    )
    name = models.TextField()
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, db_constraint=False)
    ciphertext = models.BinaryField()
    seen_by = ArrayField(models.TextField())
    #: Of a text that was destroyed, which is then empty: its digest, and the entry that says so.
    digest = models.BinaryField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        app_label = "duties"


class ChainHead(models.Model):
    """The last link of an organisation's chain at this node."""

    organisation = models.TextField(primary_key=True)
    seq = models.BigIntegerField()
    digest = models.BinaryField()
    #: When the organisation ended: from then on nobody can add to its chain.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "duties"


class LawText(models.Model):
    """The very texts of a pack or a calendar year, by digest, so that a replay reads what was adopted."""

    digest = models.TextField(primary_key=True)
    name = models.TextField()
    bundle = models.JSONField()

    class Meta:
        app_label = "duties"


class Adoption(models.Model):
    """What the adoption events say, kept as rows: from which day an edition holds, since when its calendars are known."""

    event = models.OneToOneField(Event, primary_key=True, on_delete=models.PROTECT)
    text = models.ForeignKey(LawText, on_delete=models.PROTECT)
    effective_on = models.DateField(null=True)
    known_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "duties"


class OpenedOffice(models.Model):
    """An organisation that works on this installation, from the event that opened it."""

    organisation = models.TextField(primary_key=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "duties"
