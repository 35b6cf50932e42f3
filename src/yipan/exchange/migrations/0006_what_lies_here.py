# Generated for the exchange: how it stands is seen without a walk over all that ever came and left.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0005_what_was_sent")]

    operations = [
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("state__in", ("held", "refused", "withheld"))),
                fields=["peer"],
                name="what_did_not_get_in_there",
            ),
        ),
        migrations.AddIndex(
            model_name="inbox",
            index=models.Index(
                condition=models.Q(("state", "refused")), fields=["peer"], name="what_did_not_get_in_here"
            ),
        ),
    ]
