from __future__ import annotations

from django.db import migrations

# Whatever a pack may say: a service, a paper, a proof costs nothing, and no other number can be written.
FORWARD = """
ALTER TABLE duties_event ADD CONSTRAINT everything_is_free
    CHECK (NOT (clock ? 'price') OR (clock ->> 'price') IS NOT DISTINCT FROM '0');
"""
BACKWARD = "ALTER TABLE duties_event DROP CONSTRAINT everything_is_free;"


class Migration(migrations.Migration):
    dependencies = [("duties", "0005_public_entries")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
