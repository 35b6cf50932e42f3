from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0005_certificate_rights")]

    operations = [
        migrations.CreateModel(
            name="Stub",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("thread", models.UUIDField()),
                ("office", models.TextField()),
                ("year", models.IntegerField()),
                ("number", models.IntegerField()),
                ("letter", models.TextField()),
                ("sent_to", models.TextField(default="")),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("office", "year", "number"), name="a_stub_has_a_number_of_its_own"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 0)), name="stubs_are_counted_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("thread", models.UUIDField()),
                ("office", models.TextField()),
                ("state", models.TextField(default="waiting")),
                ("tries", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_at"], name="messages_waiting"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("waiting", "message.accepted", "message.bounced"))),
                        name="a_message_waits_or_has_ended",
                    )
                ],
            },
        ),
    ]
