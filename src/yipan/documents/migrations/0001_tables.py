from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("digest", models.TextField()),
                ("name", models.TextField()),
                ("kept_at", models.DateTimeField()),
                (
                    "seen_by",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("wrapped_key", models.BinaryField()),
                ("kek_version", models.SmallIntegerField()),
                ("ciphertext", models.BinaryField()),
            ],
        ),
    ]
