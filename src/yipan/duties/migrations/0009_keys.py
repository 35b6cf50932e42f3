from __future__ import annotations

from django.db import migrations, models

# Whoever owns the tables wraps the keys of persons anew when the key above them changes; the working role cannot. She
# sees ids and wrapped keys, and of no entry whose they are. Which moment a task was last done at names nobody.
FORWARD = """
CREATE POLICY subject_rewrap_read ON duties_subject FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY subject_rewrap ON duties_subject FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
ALTER TABLE duties_done ENABLE ROW LEVEL SECURITY;
ALTER TABLE duties_done FORCE ROW LEVEL SECURITY;
CREATE POLICY done_read ON duties_done FOR SELECT USING (true);
CREATE POLICY done_insert ON duties_done FOR INSERT WITH CHECK (true);
CREATE POLICY done_update ON duties_done FOR UPDATE USING (true) WITH CHECK (true);
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE DELETE ON duties_done FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY done_update ON duties_done;
DROP POLICY done_insert ON duties_done;
DROP POLICY done_read ON duties_done;
DROP POLICY subject_rewrap ON duties_subject;
DROP POLICY subject_rewrap_read ON duties_subject;
"""


class Migration(migrations.Migration):
    dependencies = [("duties", "0008_ends")]
    operations = [
        migrations.CreateModel(
            name="Done",
            fields=[
                ("task", models.TextField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
