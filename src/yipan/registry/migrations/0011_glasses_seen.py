from __future__ import annotations

from django.db import migrations, models

# That she has seen the notice of a broken glass is known to her own account alone: no office learns whether she looked.
FORWARD = """
ALTER TABLE registry_seenglass ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_seenglass FORCE ROW LEVEL SECURITY;
CREATE POLICY seenglass_own ON registry_seenglass FOR SELECT USING (account = (SELECT yipan_account()));
CREATE POLICY seenglass_write ON registry_seenglass FOR INSERT WITH CHECK (
    account = (SELECT yipan_account()) AND account <> ''
    AND EXISTS (SELECT 1 FROM registry_glass g WHERE g.event = glass)
);
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'registry_seenglass' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON registry_seenglass FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY seenglass_write ON registry_seenglass;
DROP POLICY seenglass_own ON registry_seenglass;
ALTER TABLE registry_seenglass NO FORCE ROW LEVEL SECURITY;
ALTER TABLE registry_seenglass DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_number_doubts")]
    operations = [
        migrations.CreateModel(
            name="SeenGlass",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account", models.TextField()),
                ("glass", models.UUIDField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["account", "glass"], name="a_glass_is_seen_once")
                ]
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
