from __future__ import annotations

from django.db import migrations

# An office adds to the log and sees its own looks; nobody changes or removes one.
FORWARD = """
ALTER TABLE registry_read ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_read FORCE ROW LEVEL SECURITY;
CREATE POLICY read_read ON registry_read FOR SELECT USING (organisation = (SELECT yipan_acting()));
CREATE POLICY read_write ON registry_read FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'registry_read' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON registry_read FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY read_write ON registry_read;
DROP POLICY read_read ON registry_read;
ALTER TABLE registry_read NO FORCE ROW LEVEL SECURITY;
ALTER TABLE registry_read DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_tables"), ("duties", "0002_row_level_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
