from __future__ import annotations

from django.db import migrations

# A certificate is read by the offices that may print it and whoever takes their place, by the verb that is writing in its
# case, and by whoever presents the number on the paper: that is said once per transaction, as a digest.
# What it says is never changed; whether it ended is.
FORWARD = """
ALTER TABLE documents_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents_certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY certificate_read ON documents_certificate FOR SELECT USING (
    (SELECT yipan_acting()) = ANY(seen_by)
    OR thread = ANY((SELECT yipan_threads())::uuid[])
    OR lookup = decode(coalesce(current_setting('yipan.presented', true), ''), 'hex')
    OR EXISTS (
        WITH RECURSIVE before AS (
            SELECT predecessor_id FROM offices_succession WHERE successor_id = (SELECT yipan_acting())
            UNION SELECT s.predecessor_id FROM offices_succession s JOIN before b ON s.successor_id = b.predecessor_id
        ) SELECT 1 FROM before WHERE predecessor_id = ANY(seen_by))
);
CREATE POLICY certificate_write ON documents_certificate FOR INSERT
    WITH CHECK (thread = ANY((SELECT yipan_threads())::uuid[]));
CREATE POLICY certificate_end ON documents_certificate FOR UPDATE
    USING (thread = ANY((SELECT yipan_threads())::uuid[])) WITH CHECK (thread = ANY((SELECT yipan_threads())::uuid[]));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'documents_certificate' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON documents_certificate FROM %I', worker);
        EXECUTE format('GRANT UPDATE (ended_at, ended_because, seen_by) ON documents_certificate TO %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY certificate_end ON documents_certificate;
DROP POLICY certificate_write ON documents_certificate;
DROP POLICY certificate_read ON documents_certificate;
ALTER TABLE documents_certificate NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents_certificate DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_certificates"), ("offices", "0004_reorganisation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
