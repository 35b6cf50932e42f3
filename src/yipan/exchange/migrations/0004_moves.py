from __future__ import annotations

from django.db import migrations, models

# Who works where is public, as a peer is; only the exchange writes it, and nothing is deleted.
FORWARD = """
ALTER TABLE exchange_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchange_move FORCE ROW LEVEL SECURITY;
CREATE POLICY move_read ON exchange_move FOR SELECT USING (true);
CREATE POLICY move_write ON exchange_move FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY move_move ON exchange_move FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE DELETE ON exchange_move FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY move_move ON exchange_move;
DROP POLICY move_write ON exchange_move;
DROP POLICY move_read ON exchange_move;
ALTER TABLE exchange_move NO FORCE ROW LEVEL SECURITY;
ALTER TABLE exchange_move DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_erasures_and_reads")]
    operations = [
        migrations.CreateModel(
            name="Move",
            fields=[
                ("code", models.TextField(primary_key=True, serialize=False)),
                ("from_node", models.TextField()),
                ("to_node", models.TextField()),
                ("at", models.DateTimeField()),
                ("statement", models.TextField(default="")),
                ("state", models.TextField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("expected", "offered", "moved"))),
                        name="a_move_is_in_a_known_state",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
