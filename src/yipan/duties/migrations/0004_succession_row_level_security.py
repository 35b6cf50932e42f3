from __future__ import annotations

from django.db import migrations

# What an organisation is, is not for the working role to change. This function does it as the owner of the tables, and
# only as an event says that the acting office has just written, about offices that stand below it.
REORGANISE = """
CREATE FUNCTION yipan_reorganise(named uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    told duties_event;
    about text;
    heir text;
    made text;
    home offices_organisation;
    today date;
BEGIN
    SELECT * INTO STRICT told FROM duties_event
     WHERE id = named AND recorded_by = yipan_acting()
       AND kind IN ('office.founded', 'office.renamed', 'division.renamed', 'succession.decided');
    today := (told.counts_at AT TIME ZONE 'Asia/Shanghai')::date;
    about := coalesce(told.parties->'above'->>0, told.parties->'concerned'->>0, told.parties->'predecessor'->>0);
    heir := told.parties->'successor'->>0;
    -- A new office may lie right below the one that founds it; every other change is made from above.
    IF NOT EXISTS (SELECT FROM offices_line WHERE organisation_id = about AND superior_id = told.recorded_by
                   AND (depth > 0 OR told.kind = 'office.founded'))
       OR (heir IS NOT NULL AND NOT EXISTS (
           SELECT FROM offices_line WHERE organisation_id = heir AND superior_id = told.recorded_by AND depth > 0))
    THEN
        RAISE EXCEPTION 'only an office above reorganises' USING ERRCODE = 'insufficient_privilege';
    END IF;

    IF told.kind = 'office.founded' THEN
        made := told.clock->>'code' || CASE told.clock->>'sort' WHEN 'health' THEN '' ELSE ':' || (told.clock->>'sort') END;
        INSERT INTO offices_organisation (id, division, kind, level, name, place, supervisor_id)
        VALUES (made, told.clock->>'code', told.clock->>'sort', told.clock->>'level', told.clock->>'name',
                coalesce(told.clock->>'place', ''), about);
        INSERT INTO offices_line (organisation_id, superior_id, depth)
        SELECT made, superior_id, depth + 1 FROM offices_line WHERE organisation_id = about UNION ALL SELECT made, made, 0;

    ELSIF told.kind = 'office.renamed' THEN
        INSERT INTO offices_formername (organisation_id, until_on, name, place, division, event)
        SELECT id, today, name, place, division, named FROM offices_organisation WHERE id = about;
        UPDATE offices_organisation SET name = told.clock->>'name' WHERE id = about;

    ELSIF told.kind = 'division.renamed' THEN
        SELECT * INTO STRICT home FROM offices_organisation WHERE id = about;
        INSERT INTO offices_formername (organisation_id, until_on, name, place, division, event)
        SELECT own.id, today, own.name, own.place, own.division, named FROM offices_organisation own
         WHERE own.division = home.division
            OR (starts_with(own.place, home.place || (told.clock->>'was')) AND own.id IN (
                SELECT line.organisation_id FROM offices_line line
                  JOIN offices_organisation above ON above.id = line.superior_id
                 WHERE above.division = home.division AND line.depth > 0));
        UPDATE offices_organisation own
           SET place = home.place || (told.clock->>'name') || substr(own.place, length(home.place || (told.clock->>'was')) + 1)
          FROM offices_formername former
         WHERE former.event = named AND former.organisation_id = own.id AND own.division <> home.division;
        UPDATE offices_organisation
           SET name = CASE WHEN starts_with(name, told.clock->>'was')
                           THEN (told.clock->>'name') || substr(name, length(told.clock->>'was') + 1) ELSE name END,
               division = coalesce(told.clock->>'code', division)
         WHERE division = home.division;

    ELSE
        IF EXISTS (SELECT FROM offices_succession WHERE predecessor_id = heir) THEN
            RAISE EXCEPTION 'what has ended takes nobody''s place' USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO offices_succession (predecessor_id, successor_id, at, decision)
        VALUES (about, heir, told.counts_at, named);
        -- What stood below the one stands below the other from now on; events of before keep the line they carry.
        INSERT INTO offices_formername (organisation_id, until_on, name, place, division, event)
        SELECT own.id, today, own.name, own.place, own.division, named FROM offices_organisation own
          JOIN offices_line line ON line.organisation_id = own.id AND line.superior_id = about AND line.depth > 0
         WHERE starts_with(own.place, told.clock->>'was');
        UPDATE offices_organisation own SET place = (told.clock->>'name') || substr(own.place, length(told.clock->>'was') + 1)
          FROM offices_formername former WHERE former.event = named AND former.organisation_id = own.id;
        WITH below AS (
            SELECT organisation_id, depth FROM offices_line WHERE superior_id = about AND depth > 0
        ), cut AS (
            DELETE FROM offices_line line USING below, offices_line above
             WHERE line.organisation_id = below.organisation_id AND above.organisation_id = about
               AND line.superior_id = above.superior_id
            RETURNING 1
        )
        INSERT INTO offices_line (organisation_id, superior_id, depth)
        SELECT below.organisation_id, above.superior_id, below.depth + above.depth
          FROM below JOIN offices_line above ON above.organisation_id = heir
            ON CONFLICT (organisation_id, superior_id) DO UPDATE SET depth = excluded.depth;
        UPDATE offices_organisation SET supervisor_id = heir WHERE supervisor_id = about;
    END IF;
END
$body$;
REVOKE ALL ON FUNCTION yipan_reorganise(uuid) FROM PUBLIC;
DO $$
DECLARE worker text;
BEGIN
    -- Fixed, and nothing temporary before it: the function runs with the owner's rights.
    EXECUTE format('ALTER FUNCTION yipan_reorganise(uuid) SET search_path = %I, pg_temp', current_schema());
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION yipan_reorganise(uuid) TO %I', worker);
        EXECUTE format('REVOKE DELETE ON duties_desk FROM %I', worker);
    END LOOP;
END $$;
"""

POLICIES = """
-- Whoever stands in a party's place sees what that party owed and was owed.
DROP POLICY duty_read ON duties_duty;
CREATE POLICY duty_read ON duties_duty FOR SELECT USING (
    owed_by = (SELECT yipan_acting())
    OR (owed_to = (SELECT yipan_acting()) AND state <> 'released')
    OR thread_id = ANY((SELECT yipan_threads())::uuid[])
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = duties_duty.owed_by
               AND l.superior_id = (SELECT yipan_acting()))
    OR EXISTS (SELECT 1 FROM duties_caseaccess a WHERE a.thread_id = duties_duty.thread_id AND a.as_heir
               AND a.organisation = (SELECT yipan_acting())
               AND (a.party = owed_by OR (a.party = owed_to AND state <> 'released')))
);
-- A chain that has ended cannot be added to, whoever acts: its head can neither be locked nor moved.
DROP POLICY chainhead_update ON duties_chainhead;
CREATE POLICY chainhead_update ON duties_chainhead FOR UPDATE
    USING (organisation = (SELECT yipan_acting()) AND ended_at IS NULL)
    WITH CHECK (organisation = (SELECT yipan_acting()));
-- On whose desk a case lies is the office's own affair.
ALTER TABLE duties_desk ENABLE ROW LEVEL SECURITY;
ALTER TABLE duties_desk FORCE ROW LEVEL SECURITY;
CREATE POLICY desk_own ON duties_desk
    USING (organisation = (SELECT yipan_acting())) WITH CHECK (organisation = (SELECT yipan_acting()));
"""

BACKWARD = """
DROP POLICY desk_own ON duties_desk;
ALTER TABLE duties_desk NO FORCE ROW LEVEL SECURITY;
ALTER TABLE duties_desk DISABLE ROW LEVEL SECURITY;
DROP POLICY chainhead_update ON duties_chainhead;
CREATE POLICY chainhead_update ON duties_chainhead FOR UPDATE
    USING (organisation = (SELECT yipan_acting())) WITH CHECK (organisation = (SELECT yipan_acting()));
DROP POLICY duty_read ON duties_duty;
CREATE POLICY duty_read ON duties_duty FOR SELECT USING (
    owed_by = (SELECT yipan_acting())
    OR (owed_to = (SELECT yipan_acting()) AND state <> 'released')
    OR thread_id = ANY((SELECT yipan_threads())::uuid[])
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = duties_duty.owed_by
               AND l.superior_id = (SELECT yipan_acting()))
);
DROP FUNCTION yipan_reorganise(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("duties", "0003_succession"), ("offices", "0005_reorganisation_rights")]
    operations = [migrations.RunSQL(POLICIES + REORGANISE, BACKWARD)]
