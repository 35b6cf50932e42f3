from __future__ import annotations

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models

import yipan.registry.person


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="HeadCount",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("township", models.TextField()),
                ("month", models.TextField()),
                ("people", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "month"], name="headcounts_of_a_month")],
            },
        ),
        migrations.CreateModel(
            name="Intake",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("officer", models.TextField()),
                ("digest", models.TextField()),
                ("state", models.TextField()),
                ("on", models.DateField()),
                ("ground", models.TextField(default="")),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("rows", models.IntegerField(default=0)),
                ("parts", models.IntegerField(null=True)),
                ("shape", models.JSONField(default=dict)),
                ("wrapped_key", models.BinaryField(null=True)),
                ("kek_version", models.SmallIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "digest"], name="intakes_by_digest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("reading", "waiting", "working", "stopped", "done", "dropped"))
                        ),
                        name="intake_is_in_a_known_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("thread", models.UUIDField(primary_key=True, serialize=False)),
                ("subject", models.UUIDField()),
                ("organisation", models.TextField()),
                ("enrolled_on", models.DateField()),
                ("name", models.TextField(db_collation="C")),
                ("pinyin", models.TextField(db_collation="C")),
                ("initials", models.TextField(db_collation="C")),
                ("number_digest", models.BinaryField()),
                ("phone_digest", models.BinaryField(null=True)),
                ("like_birth", models.BinaryField(null=True)),
                ("like_phone", models.BinaryField(null=True)),
                ("like_serial", models.BinaryField()),
                ("home", models.TextField(default="")),
                ("residence", models.TextField(default="")),
                ("intake", models.UUIDField(null=True)),
                ("came_from", models.TextField(default="")),
                ("ended", models.TextField(default="")),
                ("merged_into", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "name"], name="people_by_name"),
                    models.Index(fields=["organisation", "pinyin"], name="people_by_pinyin"),
                    models.Index(fields=["organisation", "initials"], name="people_by_initials"),
                    models.Index(fields=["phone_digest", "organisation"], name="people_by_phone"),
                    models.Index(fields=["like_birth", "organisation"], name="people_like_birth"),
                    models.Index(fields=["like_phone", "organisation"], name="people_like_phone"),
                    models.Index(fields=["like_serial", "organisation"], name="people_like_serial"),
                    models.Index(
                        condition=models.Q(("intake__isnull", False)),
                        fields=["intake"],
                        name="people_of_an_intake",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("number_digest", "organisation", "came_from", "merged_into"),
                        name="one_enrolment_of_a_number",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "one", "other", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("one", models.UUIDField()),
                ("other", models.UUIDField()),
                ("organisation", models.TextField()),
                ("found_at", models.DateTimeField()),
                ("score", models.IntegerField()),
                ("reasons", models.JSONField()),
                ("decided", models.TextField(default="")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("decided", "")),
                        fields=["organisation"],
                        name="open_questions_of_an_office",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "thread", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("thread", models.UUIDField()),
                ("number", models.SmallIntegerField()),
                ("organisation", models.TextField()),
                ("place", models.TextField()),
                ("reason", models.TextField(default="")),
                ("from_on", models.DateField(null=True)),
                ("until_on", models.DateField(null=True)),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("thread", "="),
                            (yipan.registry.person.DateRange("from_on", "until_on"), "&&"),
                        ],
                        name="stays_of_a_person_do_not_overlap",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IntakePart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "intake_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                ("organisation", models.TextField()),
                ("done", models.BooleanField(default=False)),
                ("entries", models.BinaryField(null=True)),
                ("returned", models.BinaryField(null=True)),
                ("counts", models.JSONField(default=dict)),
                (
                    "intake",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="registry.intake"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done", False)), fields=["intake", "number"], name="parts_to_do"
                    )
                ],
            },
        ),
    ]
