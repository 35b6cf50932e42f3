from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_evidence_goes_over")]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread", models.UUIDField(db_index=True)),
                ("office", models.TextField()),
                ("lookup", models.BinaryField(unique=True)),
                ("sealed", models.BinaryField()),
                ("issued_on", models.DateField()),
                ("expires_on", models.DateField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_because", models.TextField(default="")),
                (
                    "seen_by",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_on__gt", models.F("issued_on"))),
                        name="a_certificate_has_a_term",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_because", "")),
                            models.Q(
                                ("ended_at__isnull", False), models.Q(("ended_because", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="a_certificate_ends_for_a_reason",
                    ),
                ],
            },
        ),
    ]
