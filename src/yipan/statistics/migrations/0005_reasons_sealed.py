from __future__ import annotations

from typing import Any

from django.db import migrations, models

# Why a report was corrected is words that somebody typed: they lie sealed, as in the entry, each under a key of its own.
FORWARD = """
ALTER TABLE statistics_filingreason ENABLE ROW LEVEL SECURITY;
ALTER TABLE statistics_filingreason FORCE ROW LEVEL SECURITY;
CREATE POLICY filingreason_read ON statistics_filingreason FOR SELECT USING (
    office = (SELECT yipan_acting())
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = statistics_filingreason.office
               AND l.superior_id = (SELECT yipan_acting()))
);
CREATE POLICY filingreason_write ON statistics_filingreason FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'statistics_filingreason' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON statistics_filingreason FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY filingreason_write ON statistics_filingreason;
DROP POLICY filingreason_read ON statistics_filingreason;
ALTER TABLE statistics_filingreason NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statistics_filingreason DISABLE ROW LEVEL SECURITY;
"""


def seal(_apps: Any, editor: Any) -> None:  # noqa: ANN401  # Django's own
    """Seal the reasons that lay open."""
    from yipan.duties import sealing  # noqa: PLC0415  # only where there is something to seal

    with editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE statistics_filing NO FORCE ROW LEVEL SECURITY")
        cursor.execute("SELECT event, office, why FROM statistics_filing WHERE why <> ''")
        for event, office, why in cursor.fetchall():
            fresh = sealing.new_subject_key(event)
            cursor.execute(
                "INSERT INTO statistics_filingreason (id, office, sealed, wrapped_key, kek_version)"
                " VALUES (%s, %s, %s, %s, %s)",
                [event, office, sealing.seal_bytes(fresh.key, event, why.encode()), fresh.wrapped, fresh.version],
            )  # fmt: skip
        cursor.execute("ALTER TABLE statistics_filing FORCE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [("statistics", "0004_returns_on_paper")]
    operations = [
        migrations.CreateModel(
            name="FilingReason",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("office", models.TextField()),
                ("sealed", models.BinaryField()),
                ("wrapped_key", models.BinaryField()),
                ("kek_version", models.SmallIntegerField()),
            ],
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveConstraint("filing", "a_correction_says_why"),
        migrations.RemoveField("filing", "why"),
    ]
