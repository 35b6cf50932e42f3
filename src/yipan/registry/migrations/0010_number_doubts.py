from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """A row drawn before has no doubts yet: its number is sealed. `yipan keys rotate lookup` looks at every one."""

    dependencies = [("registry", "0009_looks_end")]
    operations = [
        migrations.AddField(
            model_name="person",
            name="number_doubts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, db_default=[], size=None
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                fields=["organisation", "enrolled_on", "thread"],
                condition=~models.Q(number_doubts=[]),
                name="people_by_number_doubts",
            ),
        ),
    ]
