"""The tables of the exchange: peers, what leaves, what came, proofs, and what could not be read.

No row names a person. What waits is kept sealed under the node's own key, and its words are let go once it is entered.
"""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.fields.json import KT

#: A peer whose words were not compared yet; one that is believed; one that is believed no longer.
UNCONFIRMED, TRUSTED, REVOKED = "unconfirmed", "trusted", "revoked"
#: Of what leaves: not yet published; with the hub; come there and entered; kept there; refused there; not let go by us.
WAITING, SENT, ENTERED, HELD, REFUSED, WITHHELD = "waiting", "sent", "entered", "held", "refused", "withheld"
#: Of what came: entered in the journal, its arrival or its receipt not yet written; and all of it done.
NEW, DONE = "new", "done"
#: What an item of the outbox is.
EVENT, EXTRACT, RECEIPT, ASK, HELLO = "event", "extract", "receipt", "ask", "hello"
#: That an office there read it; that somebody was erased, and that the copy of her is.
READ, ERASURE, ERASED = "read", "erasure", "erased"
#: That a township works elsewhere from now on, and that this was heard.
MOVE, NOTED = "move", "noted"
#: Of such a move: we expect it; it was said and we did not; it is so.
EXPECTED, OFFERED, MOVED = "expected", "offered", "moved"
#: What has a number in its case; and what is sent again until a receipt says what became of it.
NUMBERED: Final = (EVENT, EXTRACT)
AWAITED: Final = (*NUMBERED, ERASURE, MOVE)
OUTBOX_STATES: Final = (WAITING, SENT, ENTERED, HELD, REFUSED, WITHHELD)
INBOX_STATES: Final = (NEW, ENTERED, HELD, REFUSED, DONE)


class Peer(models.Model):
    """Another installation, with its keys as they were pinned and the divisions whose offices work on it."""

    name = models.TextField(primary_key=True)
    title = models.TextField()
    serves = ArrayField(models.TextField())
    state = models.TextField()
    key_version = models.IntegerField()
    #: Public keys by version: `{"1": {"sign": {...}, "encrypt": {...}}}`; each later one signed by the one before.
    keys = models.JSONField()
    trusted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.TextField(default="")
    heard_at = models.DateTimeField(null=True)
    #: By how many seconds its clock is ahead of the hub's, and ours by what it last told us; None: not known.
    skew = models.FloatField(null=True)
    own_skew = models.FloatField(null=True)
    #: How far its receipts reach (when the last of what has one was sent), and when that last went on.
    reached = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "exchange"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=(UNCONFIRMED, TRUSTED, REVOKED)),
                name="a_peer_is_in_a_known_state",
            )
        ]


class Outbox(models.Model):
    """One item for one peer, written in the transaction of the entry it is about. `number` counts within (thread, peer)."""

    id = models.BigAutoField(primary_key=True)
    peer = models.TextField()
    organisation = models.TextField(default="")
    what = models.TextField()
    thread = models.UUIDField(null=True)
    number = models.IntegerField(null=True)
    event = models.UUIDField(null=True)
    #: Of an extract: which parties and fields of the clock it keeps; of a receipt or a question: what it says.
    body = models.JSONField(default=dict)
    state = models.TextField(default=WAITING)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    #: When the peer's node received it, by its signed receipt, and the digest of that.
    arrived_at = models.DateTimeField(null=True)
    receipt = models.TextField(default="")
    reason = models.TextField(default="")
    #: When an office there first opened the case with it, by its node's word.
    read_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "exchange"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=OUTBOX_STATES), name="what_leaves_is_in_a_known_state"
            ),
            models.UniqueConstraint(
                fields=["peer", "thread", "number"],
                condition=models.Q(number__isnull=False),
                name="items_of_a_thread_are_counted",
            ),
            models.UniqueConstraint(
                "peer", KT("body__party"), condition=models.Q(what=ERASURE), name="an_erasure_is_told_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["peer", "state", "next_at", "id"],
                condition=models.Q(state__in=(WAITING, SENT)),
                name="what_is_to_leave",
            ),
            # What was overtaken by a later one.
            models.Index(fields=["peer", "sent_at"], condition=models.Q(state=SENT), name="what_was_sent"),
            models.Index(
                fields=["peer"],
                condition=models.Q(state__in=(HELD, REFUSED, WITHHELD)),
                name="what_did_not_get_in_there",
            ),
            models.Index(fields=["thread", "peer"], name="what_left_of_a_thread"),
            models.Index(fields=["event"], name="what_left_of_an_event"),
        ]


class Inbox(models.Model):
    """One item that a peer sent, once, by its place in (peer, thread)."""

    id = models.BigAutoField(primary_key=True)
    peer = models.TextField()
    organisation = models.TextField()
    thread = models.UUIDField()
    number = models.IntegerField()
    event = models.UUIDField()
    state = models.TextField(default=NEW)
    received_at = models.DateTimeField()
    next_at = models.DateTimeField()
    #: Which signed head it came under, and the item itself, sealed, until it is entered.
    proof = models.TextField()
    sealed = models.TextField(default="")
    reason = models.TextField(default="")
    tries = models.IntegerField(default=0)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "exchange"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=INBOX_STATES), name="what_came_is_in_a_known_state"
            ),
            models.UniqueConstraint(fields=["peer", "thread", "number"], name="an_item_comes_once"),
        ]
        indexes: ClassVar = [
            # In the order in which it came: what was done long ago is not walked over.
            models.Index(
                fields=["id"], condition=models.Q(state__in=(NEW, HELD)), name="what_is_to_enter_in_turn"
            ),
            models.Index(fields=["id"], condition=models.Q(state=ENTERED), name="what_is_to_finish"),
            models.Index(fields=["peer"], condition=models.Q(state=REFUSED), name="what_did_not_get_in_here"),
            models.Index(fields=["event"], name="what_came_of_an_event"),
        ]


class Party(models.Model):
    """Whom a name of a thread means, under the number that only this peer and we use for her."""

    pk = models.CompositePrimaryKey("peer", "thread", "name")
    peer = models.TextField()
    thread = models.UUIDField()
    name = models.TextField()
    party = models.TextField()

    class Meta:
        app_label = "exchange"
        indexes: ClassVar = [models.Index(fields=["peer", "party"], name="threads_of_a_party")]


class Proof(models.Model):
    """The signed head of an envelope, ours or a peer's: what was sent when, by digests that say nothing of anybody."""

    digest = models.TextField(primary_key=True)
    peer = models.TextField()
    incoming = models.BooleanField()
    kept_at = models.DateTimeField()
    head = models.TextField()

    class Meta:
        app_label = "exchange"


class Erasure(models.Model):
    """Somebody whom a peer erased, by the number that only it and we use: the copies here are destroyed."""

    pk = models.CompositePrimaryKey("peer", "party")
    peer = models.TextField()
    party = models.TextField()
    erased_at = models.DateTimeField()
    received_at = models.DateTimeField()
    proof = models.TextField()
    state = models.TextField(default=NEW)
    reason = models.TextField(default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "exchange"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=(NEW, DONE, REFUSED)), name="an_erasure_is_in_a_known_state"
            )
        ]


class Move(models.Model):
    """A township that works on another node than its code says, by the signed word of the node that it left."""

    code = models.TextField(primary_key=True)
    from_node = models.TextField()
    to_node = models.TextField()
    at = models.DateTimeField()
    statement = models.TextField(default="")
    state = models.TextField()

    class Meta:
        app_label = "exchange"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=(EXPECTED, OFFERED, MOVED)), name="a_move_is_in_a_known_state"
            )
        ]


class Daily(models.Model):
    """What a node said of a day, ours or a peer's: numbers of duties by county, and the text as it signed it."""

    pk = models.CompositePrimaryKey("node", "day")
    node = models.TextField()
    day = models.DateField()
    kept = models.JSONField()
    lapsed = models.JSONField()
    word = models.TextField()
    heard_at = models.DateTimeField()

    class Meta:
        app_label = "exchange"
        indexes: ClassVar = [models.Index(fields=["day"], name="what_was_said_of_a_day")]


class Refusal(models.Model):
    """An envelope that was not opened or not believed, once, with the reason; kept as it came, to be tried again."""

    digest = models.TextField(primary_key=True)
    peer = models.TextField()
    reason = models.TextField()
    came_at = models.DateTimeField()
    times = models.IntegerField(default=1)
    raw = models.TextField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "exchange"
