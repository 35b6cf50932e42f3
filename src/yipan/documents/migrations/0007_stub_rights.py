from __future__ import annotations

from django.db import migrations

# A stub is written by the office whose letter it is, read by it and by whoever takes its place, and never changed.
# A message names nobody: the sweep finds what is due over all offices, and moves it in the name of its own.
FORWARD = """
ALTER TABLE documents_stub ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents_stub FORCE ROW LEVEL SECURITY;
CREATE POLICY stub_read ON documents_stub FOR SELECT USING (
    office = (SELECT yipan_acting())
    OR EXISTS (
        WITH RECURSIVE before AS (
            SELECT predecessor_id FROM offices_succession WHERE successor_id = (SELECT yipan_acting())
            UNION SELECT s.predecessor_id FROM offices_succession s JOIN before b ON s.successor_id = b.predecessor_id
        ) SELECT 1 FROM before WHERE predecessor_id = office)
);
CREATE POLICY stub_write ON documents_stub FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
ALTER TABLE documents_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents_message FORCE ROW LEVEL SECURITY;
CREATE POLICY message_read ON documents_message FOR SELECT USING (true);
CREATE POLICY message_write ON documents_message FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
CREATE POLICY message_move ON documents_message FOR UPDATE
    USING (office = (SELECT yipan_acting())) WITH CHECK (office = (SELECT yipan_acting()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'documents_stub' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON documents_stub FROM %I', worker);
        EXECUTE format('REVOKE UPDATE, DELETE ON documents_message FROM %I', worker);
        EXECUTE format('GRANT UPDATE (state, tries, next_at) ON documents_message TO %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY message_move ON documents_message;
DROP POLICY message_write ON documents_message;
DROP POLICY message_read ON documents_message;
ALTER TABLE documents_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents_message DISABLE ROW LEVEL SECURITY;
DROP POLICY stub_write ON documents_stub;
DROP POLICY stub_read ON documents_stub;
ALTER TABLE documents_stub NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents_stub DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0006_stubs_and_messages"), ("offices", "0004_reorganisation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
