# Generated for the exchange: while a peer's receipts come on, what lies behind them is not sent again, and is not walked over.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0006_what_lies_here")]

    operations = [
        migrations.AddField("peer", "reached", models.DateTimeField(null=True)),
        migrations.AddField("peer", "reached_at", models.DateTimeField(null=True)),
        migrations.RemoveIndex("outbox", "what_is_to_leave"),
        migrations.AddIndex(
            "outbox",
            models.Index(
                condition=models.Q(("state__in", ("waiting", "sent"))),
                fields=["peer", "state", "next_at", "id"],
                name="what_is_to_leave",
            ),
        ),
    ]
