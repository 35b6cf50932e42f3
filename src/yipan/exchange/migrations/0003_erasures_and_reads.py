from __future__ import annotations

import django.db.models.fields.json
from django.db import migrations, models

# As the other tables of the exchange: only for it, nothing is deleted, and what was heard is not unheard.
FORWARD = """
ALTER TABLE exchange_erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchange_erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY erasure_all ON exchange_erasure FOR SELECT USING ((SELECT yipan_exchange()));
CREATE POLICY erasure_write ON exchange_erasure FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY erasure_move ON exchange_erasure FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE DELETE ON exchange_erasure FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY erasure_move ON exchange_erasure;
DROP POLICY erasure_write ON exchange_erasure;
DROP POLICY erasure_all ON exchange_erasure;
ALTER TABLE exchange_erasure NO FORCE ROW LEVEL SECURITY;
ALTER TABLE exchange_erasure DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_row_level_security")]
    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "peer", "party", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("peer", models.TextField()),
                ("party", models.TextField()),
                ("erased_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("proof", models.TextField()),
                ("state", models.TextField(default="new")),
                ("reason", models.TextField(default="")),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("new", "done", "refused"))),
                        name="an_erasure_is_in_a_known_state",
                    )
                ],
            },
        ),
        migrations.AddField("outbox", "read_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "outbox",
            models.UniqueConstraint(
                models.F("peer"),
                django.db.models.fields.json.KT("body__party"),
                condition=models.Q(("what", "erasure")),
                name="an_erasure_is_told_once",
            ),
        ),
        migrations.RemoveIndex("inbox", "what_is_to_enter"),
        migrations.AddIndex(
            "inbox",
            models.Index(
                condition=models.Q(("state__in", ("new", "held"))),
                fields=["id"],
                name="what_is_to_enter_in_turn",
            ),
        ),
        migrations.AddIndex(
            "inbox",
            models.Index(condition=models.Q(("state", "entered")), fields=["id"], name="what_is_to_finish"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
