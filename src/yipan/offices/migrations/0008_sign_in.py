from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("offices", "0007_roles"),
    ]

    operations = [
        # Digests from before were made without a key; they counted for ten minutes.
        migrations.RunSQL("DELETE FROM offices_failedsignin", migrations.RunSQL.noop),
        migrations.AddField("failedsignin", "address_digest", models.TextField(default="")),
        migrations.AddIndex(
            "failedsignin",
            models.Index(fields=["address_digest", "failed_at"], name="failed_sign_ins_from_there"),
        ),
        migrations.CreateModel(
            name="UsedCode",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["used_at"], name="used_codes_by_age")]},
        ),
        migrations.CreateModel(
            name="Door",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="door",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("closed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PaperCode",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="paper_code",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("code_hash", models.TextField()),
                ("given_by", models.TextField()),
                ("given_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
            ],
        ),
    ]
