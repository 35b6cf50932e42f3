from __future__ import annotations

from django.db import migrations, models

# The posts of the table `data/roles.yaml` as it stood when this was written.
NAMES = [
    "village-worker",
    "clerk",
    "head",
    "facility",
    "county-officer",
    "supervisor",
    "department-data-officer",
    "city-officer",
    "province-officer",
    "nation-officer",
    "data-officer",
    "auditor",
    "system-administrator",
]


class Migration(migrations.Migration):
    dependencies = [("offices", "0006_log_ins")]
    operations = [
        migrations.RemoveConstraint(model_name="posting", name="posting_has_a_known_role"),
        migrations.AlterField(
            model_name="posting",
            name="role",
            field=models.TextField(choices=[(each, each) for each in NAMES]),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(role__in=sorted(NAMES)), name="posting_has_a_known_role"
            ),
        ),
    ]
