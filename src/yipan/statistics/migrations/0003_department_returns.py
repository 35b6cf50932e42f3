from __future__ import annotations

from django.db import migrations, models

# A return is read by the department, by the office it is owed to and those above that one; a file that was kept out by the
# first two. Nobody changes either.
FORWARD = """
ALTER TABLE statistics_departmentreturn ENABLE ROW LEVEL SECURITY;
ALTER TABLE statistics_departmentreturn FORCE ROW LEVEL SECURITY;
CREATE POLICY departmentreturn_read ON statistics_departmentreturn FOR SELECT USING (
    office = (SELECT yipan_acting())
    OR sent_to = (SELECT yipan_acting())
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = statistics_departmentreturn.sent_to
               AND l.superior_id = (SELECT yipan_acting()))
);
CREATE POLICY departmentreturn_write ON statistics_departmentreturn FOR INSERT
    WITH CHECK (office = (SELECT yipan_acting()));
ALTER TABLE statistics_quarantined ENABLE ROW LEVEL SECURITY;
ALTER TABLE statistics_quarantined FORCE ROW LEVEL SECURITY;
CREATE POLICY quarantined_read ON statistics_quarantined FOR SELECT USING (
    office = (SELECT yipan_acting()) OR sent_to = (SELECT yipan_acting())
);
CREATE POLICY quarantined_write ON statistics_quarantined FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'statistics_departmentreturn' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON statistics_departmentreturn, statistics_quarantined FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY quarantined_write ON statistics_quarantined;
DROP POLICY quarantined_read ON statistics_quarantined;
ALTER TABLE statistics_quarantined NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statistics_quarantined DISABLE ROW LEVEL SECURITY;
DROP POLICY departmentreturn_write ON statistics_departmentreturn;
DROP POLICY departmentreturn_read ON statistics_departmentreturn;
ALTER TABLE statistics_departmentreturn NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statistics_departmentreturn DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("statistics", "0002_counting")]
    operations = [
        migrations.CreateModel(
            name="DepartmentReturn",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("office", models.TextField()),
                ("sent_to", models.TextField()),
                ("period", models.TextField()),
                ("form", models.TextField()),
                ("version", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("nil", models.BooleanField()),
                ("content", models.TextField()),
                ("digest", models.TextField()),
                ("file_digest", models.TextField(db_default="", default="")),
                ("replaces", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Quarantined",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("office", models.TextField()),
                ("sent_to", models.TextField()),
                ("period", models.TextField()),
                ("at", models.DateTimeField()),
                ("file_digest", models.TextField()),
                ("reasons", models.TextField()),
            ],
        ),
        migrations.AddIndex(
            model_name="departmentreturn",
            index=models.Index(fields=["office", "period"], name="returns_of_a_month"),
        ),
        migrations.AddIndex(
            model_name="departmentreturn",
            index=models.Index(fields=["sent_to", "period"], name="returns_sent_to"),
        ),
        migrations.AddIndex(
            model_name="quarantined",
            index=models.Index(fields=["office", "period"], name="kept_out_of_a_month"),
        ),
        migrations.AddConstraint(
            model_name="departmentreturn",
            constraint=models.UniqueConstraint(
                fields=["replaces"],
                condition=models.Q(replaces__isnull=False),
                name="a_return_is_replaced_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="departmentreturn",
            constraint=models.UniqueConstraint(
                fields=["office", "period"],
                condition=models.Q(replaces__isnull=True),
                name="a_month_is_first_sent_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
