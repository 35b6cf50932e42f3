from __future__ import annotations

from django.db import migrations

# Who takes the place of an office may open the evidence that office kept, also where one followed another before.
FORWARD = """
DROP POLICY evidence_read ON documents_evidence;
CREATE POLICY evidence_read ON documents_evidence FOR SELECT USING (
    (SELECT yipan_acting()) = ANY(seen_by)
    OR EXISTS (
        WITH RECURSIVE before AS (
            SELECT predecessor_id FROM offices_succession WHERE successor_id = (SELECT yipan_acting())
            UNION SELECT s.predecessor_id FROM offices_succession s JOIN before b ON s.successor_id = b.predecessor_id
        ) SELECT 1 FROM before WHERE predecessor_id = ANY(seen_by))
);
"""
BACKWARD = """
DROP POLICY evidence_read ON documents_evidence;
CREATE POLICY evidence_read ON documents_evidence FOR SELECT USING ((SELECT yipan_acting()) = ANY(seen_by));
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_row_level_security"), ("offices", "0004_reorganisation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
