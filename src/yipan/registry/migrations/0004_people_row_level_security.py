from __future__ import annotations

from django.db import migrations

# The register of an office is its own: no other office sees a row, not even that there is one.
TABLES = ("person", "stay", "question", "headcount", "intake", "intakepart")
OWN = "organisation = (SELECT yipan_acting())"

FORWARD = "".join(
    f"""
ALTER TABLE registry_{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_{table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {table}_own ON registry_{table} USING ({OWN}) WITH CHECK ({OWN});
"""
    for table in TABLES
)
BACKWARD = "".join(
    f"""
DROP POLICY {table}_own ON registry_{table};
ALTER TABLE registry_{table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE registry_{table} DISABLE ROW LEVEL SECURITY;
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_people"), ("duties", "0002_row_level_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
