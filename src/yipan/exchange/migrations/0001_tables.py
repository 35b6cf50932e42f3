from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Proof",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("peer", models.TextField()),
                ("incoming", models.BooleanField()),
                ("kept_at", models.DateTimeField()),
                ("head", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("peer", models.TextField()),
                ("reason", models.TextField()),
                ("came_at", models.DateTimeField()),
                ("times", models.IntegerField(default=1)),
                ("raw", models.TextField()),
                ("settled_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("peer", models.TextField()),
                ("organisation", models.TextField()),
                ("thread", models.UUIDField()),
                ("number", models.IntegerField()),
                ("event", models.UUIDField()),
                ("state", models.TextField(default="new")),
                ("received_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("proof", models.TextField()),
                ("sealed", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("tries", models.IntegerField(default=0)),
                ("seen_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("new", "entered", "held"))),
                        fields=["next_at", "id"],
                        name="what_is_to_enter",
                    ),
                    models.Index(fields=["event"], name="what_came_of_an_event"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("new", "entered", "held", "refused", "done"))),
                        name="what_came_is_in_a_known_state",
                    ),
                    models.UniqueConstraint(fields=("peer", "thread", "number"), name="an_item_comes_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("peer", models.TextField()),
                ("organisation", models.TextField(default="")),
                ("what", models.TextField()),
                ("thread", models.UUIDField(null=True)),
                ("number", models.IntegerField(null=True)),
                ("event", models.UUIDField(null=True)),
                ("body", models.JSONField(default=dict)),
                ("state", models.TextField(default="waiting")),
                ("made_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField()),
                ("tries", models.IntegerField(default=0)),
                ("arrived_at", models.DateTimeField(null=True)),
                ("receipt", models.TextField(default="")),
                ("reason", models.TextField(default="")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "sent"))),
                        fields=["peer", "next_at", "id"],
                        name="what_is_to_leave",
                    ),
                    models.Index(fields=["thread", "peer"], name="what_left_of_a_thread"),
                    models.Index(fields=["event"], name="what_left_of_an_event"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("waiting", "sent", "entered", "held", "refused", "withheld"))
                        ),
                        name="what_leaves_is_in_a_known_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("number__isnull", False)),
                        fields=("peer", "thread", "number"),
                        name="items_of_a_thread_are_counted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "peer",
                        "thread",
                        "name",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("peer", models.TextField()),
                ("thread", models.UUIDField()),
                ("name", models.TextField()),
                ("party", models.TextField()),
            ],
            options={
                "indexes": [models.Index(fields=["peer", "party"], name="threads_of_a_party")],
            },
        ),
        migrations.CreateModel(
            name="Peer",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("title", models.TextField()),
                (
                    "serves",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("state", models.TextField()),
                ("key_version", models.IntegerField()),
                ("keys", models.JSONField()),
                ("trusted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_because", models.TextField(default="")),
                ("heard_at", models.DateTimeField(null=True)),
                ("skew", models.FloatField(null=True)),
                ("own_skew", models.FloatField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("unconfirmed", "trusted", "revoked"))),
                        name="a_peer_is_in_a_known_state",
                    )
                ],
            },
        ),
    ]
