# Generated for the exchange: what was sent before something that has its receipt is found without a walk over all that waits.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0004_moves")]

    operations = [
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("state", "sent")), fields=["peer", "sent_at"], name="what_was_sent"
            ),
        ),
    ]
