from __future__ import annotations

from django.db import migrations, models

# A return that came on paper is entered by the health office it is owed to, for a department of its own division.
FORWARD = """
DROP POLICY departmentreturn_write ON statistics_departmentreturn;
CREATE POLICY departmentreturn_write ON statistics_departmentreturn FOR INSERT WITH CHECK (
    office = (SELECT yipan_acting()) AND entered_by = ''
    OR sent_to = (SELECT yipan_acting()) AND entered_by = sent_to AND split_part(office, ':', 1) = sent_to
);
DROP POLICY quarantined_write ON statistics_quarantined;
CREATE POLICY quarantined_write ON statistics_quarantined FOR INSERT WITH CHECK (
    office = (SELECT yipan_acting())
    OR sent_to = (SELECT yipan_acting()) AND split_part(office, ':', 1) = sent_to
);
"""
BACKWARD = """
DROP POLICY quarantined_write ON statistics_quarantined;
CREATE POLICY quarantined_write ON statistics_quarantined FOR INSERT WITH CHECK (office = (SELECT yipan_acting()));
DROP POLICY departmentreturn_write ON statistics_departmentreturn;
CREATE POLICY departmentreturn_write ON statistics_departmentreturn FOR INSERT
    WITH CHECK (office = (SELECT yipan_acting()));
"""


class Migration(migrations.Migration):
    dependencies = [("statistics", "0003_department_returns")]
    operations = [
        migrations.AddField(
            model_name="departmentreturn",
            name="entered_by",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
