from __future__ import annotations

from django.db import migrations

# Whoever owns the tables wraps the keys of evidence anew when the key above them changes; the working role cannot.
FORWARD = """
CREATE POLICY evidence_rewrap_read ON documents_evidence FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY evidence_rewrap ON documents_evidence FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
"""
BACKWARD = """
DROP POLICY evidence_rewrap ON documents_evidence;
DROP POLICY evidence_rewrap_read ON documents_evidence;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0007_stub_rights"), ("duties", "0009_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
