from __future__ import annotations

from django.db import migrations, models

# Which office was at its desk on which day is public, as all that offices owe is. An office writes its own days, for
# itself, and nobody takes one back.
FORWARD = """
ALTER TABLE offices_login ENABLE ROW LEVEL SECURITY;
ALTER TABLE offices_login FORCE ROW LEVEL SECURITY;
CREATE POLICY login_read ON offices_login FOR SELECT USING (true);
CREATE POLICY login_insert ON offices_login FOR INSERT
    WITH CHECK (organisation = coalesce(current_setting('yipan.organisation', true), ''));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'offices_login' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON offices_login FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY login_insert ON offices_login;
DROP POLICY login_read ON offices_login;
ALTER TABLE offices_login NO FORCE ROW LEVEL SECURITY;
ALTER TABLE offices_login DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("offices", "0005_reorganisation_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogIn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organisation", "on", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation", models.TextField()),
                ("on", models.DateField()),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
