from __future__ import annotations

from django.db import migrations

# Evidence is read by the offices it names; nobody changes or removes it.
FORWARD = """
ALTER TABLE documents_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY evidence_read ON documents_evidence FOR SELECT USING ((SELECT yipan_acting()) = ANY(seen_by));
CREATE POLICY evidence_write ON documents_evidence FOR INSERT WITH CHECK ((SELECT yipan_acting()) = ANY(seen_by));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'documents_evidence' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON documents_evidence FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY evidence_write ON documents_evidence;
DROP POLICY evidence_read ON documents_evidence;
ALTER TABLE documents_evidence NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents_evidence DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_tables"), ("duties", "0002_row_level_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
