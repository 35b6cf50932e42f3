from __future__ import annotations

from django.db import migrations

# What an office publishes everybody may read, signed in or not; a kind that is public has no field about a person.
FORWARD = """
CREATE POLICY event_public ON duties_event FOR SELECT USING ('public' = ANY(seen_by));
CREATE INDEX public_entries ON duties_event (recorded_by text_pattern_ops) WHERE 'public' = ANY(seen_by);
"""
BACKWARD = """
DROP INDEX public_entries;
DROP POLICY event_public ON duties_event;
"""


class Migration(migrations.Migration):
    dependencies = [("duties", "0004_succession_row_level_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
