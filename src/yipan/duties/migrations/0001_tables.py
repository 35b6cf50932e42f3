from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("pack", models.TextField()),
                ("parties", models.JSONField()),
                ("lines", models.JSONField()),
                ("recorded_by", models.TextField()),
                ("officer", models.TextField()),
                ("on_behalf_of", models.TextField(default="")),
                ("happened_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("counts_at", models.DateTimeField()),
                ("counts_by", models.TextField()),
                ("clock", models.JSONField()),
                (
                    "follows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("corrects", models.UUIDField(null=True)),
                (
                    "seen_by",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("seq", models.BigIntegerField()),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("organisation", models.TextField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("digest", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="LawText",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("bundle", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="OpenedOffice",
            fields=[
                ("organisation", models.TextField(primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("wrapped_key", models.BinaryField(null=True)),
                ("kek_version", models.SmallIntegerField()),
                ("erased_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="Payload",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                ("ciphertext", models.BinaryField()),
                (
                    "seen_by",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payloads",
                        to="duties.event",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="duties.subject",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="event",
            name="thread",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="duties.thread",
            ),
        ),
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("rule", models.TextField()),
                ("rule_pack", models.TextField()),
                ("rule_version_on", models.DateField()),
                ("party_role", models.TextField()),
                ("party", models.TextField()),
                ("period", models.TextField()),
                ("opened_by", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("owed_by", models.TextField()),
                ("owed_to", models.TextField()),
                ("clock_rule", models.TextField()),
                ("clock_pack", models.TextField()),
                ("clock_version_on", models.DateField()),
                ("within", models.TextField()),
                ("due_on", models.DateField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("provisional", models.BooleanField()),
                ("state", models.TextField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.UUIDField(null=True)),
                ("lapsed_at", models.DateTimeField(null=True)),
                (
                    "thread",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="duties.thread",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CaseAccess",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "thread_id",
                        "organisation",
                        "party",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organisation", models.TextField()),
                ("party", models.TextField()),
                (
                    "thread",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="duties.thread"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThreadSubject",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "thread_id", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="duties.subject",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="duties.thread",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Adoption",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="duties.event",
                    ),
                ),
                ("effective_on", models.DateField(null=True)),
                ("known_at", models.DateTimeField(null=True)),
                ("text", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="duties.lawtext")),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["thread", "counts_at"], name="events_of_a_thread"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                fields=("recorded_by", "seq"), name="one_event_at_each_place_of_a_chain"
            ),
        ),
        migrations.AddIndex(
            model_name="duty",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["owed_by", "due_at"],
                name="open_duties_of_an_office",
            ),
        ),
        migrations.AddIndex(
            model_name="duty",
            index=models.Index(
                condition=models.Q(("lapsed_at", None), ("state", "open")),
                fields=["due_at"],
                name="duties_to_lapse",
            ),
        ),
        migrations.AddIndex(
            model_name="duty",
            index=models.Index(fields=["thread"], name="duties_of_a_thread"),
        ),
        migrations.AddIndex(
            model_name="duty",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["owed_to"], name="open_duties_to_an_office"
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("open", "discharged", "released", "void"))),
                name="duty_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(("owed_by__in", ["", "person", "public"]), _negated=True),
                name="only_an_organisation_owes",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state__in", ["open", "void"])),
                    models.Q(("closed_at__isnull", False), ("state__in", ["discharged", "released"])),
                    _connector="OR",
                ),
                name="a_closed_duty_says_when",
            ),
        ),
    ]
