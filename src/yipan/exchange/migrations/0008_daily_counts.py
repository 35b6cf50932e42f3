from __future__ import annotations

from django.db import migrations, models

# What nodes publish of a day anybody here may read; only the exchange writes it, once, and nothing of it is changed.
FORWARD = """
ALTER TABLE exchange_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchange_daily FORCE ROW LEVEL SECURITY;
CREATE POLICY daily_read ON exchange_daily FOR SELECT USING (true);
CREATE POLICY daily_write ON exchange_daily FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON exchange_daily FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY daily_write ON exchange_daily;
DROP POLICY daily_read ON exchange_daily;
ALTER TABLE exchange_daily NO FORCE ROW LEVEL SECURITY;
ALTER TABLE exchange_daily DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0007_how_far_receipts_reach")]
    operations = [
        migrations.CreateModel(
            name="Daily",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "node", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("node", models.TextField()),
                ("day", models.DateField()),
                ("kept", models.JSONField()),
                ("lapsed", models.JSONField()),
                ("word", models.TextField()),
                ("heard_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["day"], name="what_was_said_of_a_day")]},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
