from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("duties", "0002_row_level_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="caseaccess",
            name="as_heir",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="chainhead",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="duty",
            name="lapsed_by",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.CreateModel(
            name="Desk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "thread_id",
                        "organisation",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organisation", models.TextField()),
                ("officer", models.TextField()),
                (
                    "thread",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="duties.thread"),
                ),
            ],
        ),
    ]
