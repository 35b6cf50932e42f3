from __future__ import annotations

from django.db import migrations

# Whoever owns the tables wraps the keys of rosters anew when the key above them changes; the working role cannot.
FORWARD = """
CREATE POLICY intake_rewrap_read ON registry_intake FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY intake_rewrap ON registry_intake FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
"""
BACKWARD = """
DROP POLICY intake_rewrap ON registry_intake;
DROP POLICY intake_rewrap_read ON registry_intake;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_oversight"), ("duties", "0009_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
