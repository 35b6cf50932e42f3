from __future__ import annotations

from django.db import migrations

# Which organisation ended and what one was called is public. Rows are written by the function of the room above that
# reads the event of the decision (its owner is bound by no policy here); the working role only reads.
# Leave is said by the office itself.
FORWARD = """
ALTER TABLE offices_succession ENABLE ROW LEVEL SECURITY;
CREATE POLICY succession_read ON offices_succession FOR SELECT USING (true);
ALTER TABLE offices_formername ENABLE ROW LEVEL SECURITY;
CREATE POLICY formername_read ON offices_formername FOR SELECT USING (true);
ALTER TABLE offices_leave ENABLE ROW LEVEL SECURITY;
ALTER TABLE offices_leave FORCE ROW LEVEL SECURITY;
CREATE POLICY leave_read ON offices_leave FOR SELECT USING (true);
CREATE POLICY leave_insert ON offices_leave FOR INSERT
    WITH CHECK (organisation_id = coalesce(current_setting('yipan.organisation', true), ''));
CREATE POLICY leave_update ON offices_leave FOR UPDATE
    USING (organisation_id = coalesce(current_setting('yipan.organisation', true), ''));
CREATE POLICY leave_delete ON offices_leave FOR DELETE
    USING (organisation_id = coalesce(current_setting('yipan.organisation', true), ''));
ALTER TABLE offices_leave ADD CONSTRAINT one_leave_at_a_time EXCLUDE USING gist (
    officer_id WITH =, organisation_id WITH =, daterange(from_on, until_on) WITH &&
);
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'offices_succession' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON offices_succession, offices_formername FROM %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
ALTER TABLE offices_leave DROP CONSTRAINT one_leave_at_a_time;
DROP POLICY leave_delete ON offices_leave;
DROP POLICY leave_update ON offices_leave;
DROP POLICY leave_insert ON offices_leave;
DROP POLICY leave_read ON offices_leave;
ALTER TABLE offices_leave NO FORCE ROW LEVEL SECURITY;
ALTER TABLE offices_leave DISABLE ROW LEVEL SECURITY;
DROP POLICY formername_read ON offices_formername;
ALTER TABLE offices_formername DISABLE ROW LEVEL SECURITY;
DROP POLICY succession_read ON offices_succession;
ALTER TABLE offices_succession DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("offices", "0004_reorganisation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
