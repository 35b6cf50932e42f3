from __future__ import annotations

from django.db import migrations, models

# A filing is read by its office and those above it, who see what is owed below them anyway. Nobody changes one.
FORWARD = """
ALTER TABLE statistics_filing ENABLE ROW LEVEL SECURITY;
ALTER TABLE statistics_filing FORCE ROW LEVEL SECURITY;
CREATE POLICY filing_read ON statistics_filing FOR SELECT USING (
    office = (SELECT yipan_acting())
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = statistics_filing.office
               AND l.superior_id = (SELECT yipan_acting()))
);
CREATE POLICY filing_write ON statistics_filing FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'statistics_filing' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON statistics_filing FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY filing_write ON statistics_filing;
DROP POLICY filing_read ON statistics_filing;
ALTER TABLE statistics_filing NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statistics_filing DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("duties", "0005_public_entries"), ("offices", "0001_tables")]
    operations = [
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("office", models.TextField()),
                ("period", models.TextField()),
                ("report", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("content", models.TextField()),
                ("digest", models.TextField()),
                ("key", models.TextField()),
                ("signature", models.TextField()),
                ("corrects", models.UUIDField(null=True)),
                ("why", models.TextField(db_default="", default="")),
            ],
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["office", "period"], name="filings_of_a_period"),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.UniqueConstraint(
                fields=["corrects"],
                condition=models.Q(corrects__isnull=False),
                name="a_filing_is_corrected_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.UniqueConstraint(
                fields=["office", "period", "report"],
                condition=models.Q(corrects__isnull=True),
                name="a_report_is_filed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(corrects__isnull=True) | ~models.Q(why=""), name="a_correction_says_why"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
