from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE INDEX offices_line_downwards ON offices_line (superior_id, organisation_id);
-- Which organisations there are is set up with the tables; the working role reads it.
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'offices_line' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON offices_organisation, offices_line FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP INDEX offices_line_downwards;
"""


class Migration(migrations.Migration):
    dependencies = [("offices", "0001_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
