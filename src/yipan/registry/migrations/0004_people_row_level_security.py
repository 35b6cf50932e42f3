from __future__ import annotations

from django.db import migrations

# The register of an office is its own: no other office sees a row, not even that there is one. An office that ends hands
# its people to the one that takes its place, each by an event of hers, and its head-counts by the decision.
OWN = "organisation = (SELECT yipan_acting())"
OF_HER = """EXISTS (
    SELECT 1 FROM duties_event e WHERE e.thread_id = registry_{table}.thread AND e.kind = 'party.succeeded'
       AND e.recorded_by = (SELECT yipan_acting()) AND e.parties->'successor' ? registry_{table}.organisation)"""
OF_ALL = """EXISTS (
    SELECT 1 FROM offices_succession s WHERE s.predecessor_id = (SELECT yipan_acting())
       AND s.successor_id = registry_{table}.organisation)"""
TABLES = {
    "person": OF_HER,
    "stay": OF_HER,
    "question": OF_ALL,
    "headcount": OF_ALL,
    "intake": "false",
    "intakepart": "false",
}

FORWARD = "".join(
    f"""
ALTER TABLE registry_{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_{table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {table}_own ON registry_{table} USING ({OWN}) WITH CHECK ({OWN} OR {handed.format(table=table)});
"""
    for table, handed in TABLES.items()
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
    dependencies = [
        ("registry", "0003_people"),
        ("duties", "0002_row_level_security"),
        ("offices", "0004_reorganisation"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
