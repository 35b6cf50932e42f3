from __future__ import annotations

from django.db import migrations, models

# What ends: a person's key and what it opened, at her wish or because its term is over. The working role changes neither; these
# functions do it as the owner of the tables, and only as an entry says that the acting office has just written. The digest of
# what was destroyed stays, so that the chain goes on holding.
POLICIES = """
-- While one of the functions below is at work, and for the owner of the tables alone: others set this in vain.
CREATE FUNCTION yipan_ending() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.ending', true), '') = 'on' $$;
CREATE POLICY event_ending ON duties_event FOR SELECT TO CURRENT_USER USING ((SELECT yipan_ending()));
CREATE POLICY payload_ending_read ON duties_payload FOR SELECT TO CURRENT_USER USING ((SELECT yipan_ending()));
CREATE POLICY payload_ending ON duties_payload FOR UPDATE TO CURRENT_USER
    USING ((SELECT yipan_ending())) WITH CHECK ((SELECT yipan_ending()));
CREATE POLICY threadsubject_ending ON duties_threadsubject FOR SELECT TO CURRENT_USER USING ((SELECT yipan_ending()));
CREATE POLICY subject_ending_read ON duties_subject FOR SELECT TO CURRENT_USER USING ((SELECT yipan_ending()));
CREATE POLICY subject_ending ON duties_subject FOR UPDATE TO CURRENT_USER
    USING ((SELECT yipan_ending())) WITH CHECK ((SELECT yipan_ending()));

ALTER TABLE duties_erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE duties_erasure FORCE ROW LEVEL SECURITY;
-- Ids and moments, of nobody whom they could be traced to: the list has to leave the machine.
CREATE POLICY erasure_read ON duties_erasure FOR SELECT USING (true);
CREATE POLICY erasure_ending ON duties_erasure TO CURRENT_USER
    USING ((SELECT yipan_ending())) WITH CHECK ((SELECT yipan_ending()));
ALTER TABLE duties_keptkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE duties_keptkey FORCE ROW LEVEL SECURITY;
CREATE POLICY keptkey_owner ON duties_keptkey TO CURRENT_USER USING (true) WITH CHECK (true);
"""

FUNCTIONS = """
-- Destroys sealed texts, and keys under which none is left.
CREATE FUNCTION yipan_destroy(named uuid, texts uuid[], whose uuid[]) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE duties_payload SET digest = sha256(ciphertext), ciphertext = '', ended_by = named
     WHERE event_id = ANY(texts) AND subject_id = ANY(whose) AND ended_by IS NULL;
    UPDATE duties_subject s SET wrapped_key = NULL, erased_at = coalesce(s.erased_at, now())
     WHERE s.id = ANY(whose)
       AND NOT EXISTS (SELECT 1 FROM duties_payload p WHERE p.subject_id = s.id AND p.ended_by IS NULL);
    DELETE FROM duties_keptkey k
     WHERE k.id = ANY(whose)
       AND NOT EXISTS (SELECT 1 FROM duties_payload p WHERE p.subject_id = k.id AND p.ended_by IS NULL);
END
$body$;

CREATE FUNCTION yipan_erase(named uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    told duties_event;
    her uuid;
    holder text;
    kept uuid[] := '{}';
    until_on date;
    hers uuid[];
    words uuid[];
    texts uuid[];
BEGIN
    SELECT * INTO STRICT told FROM duties_event
     WHERE id = named AND recorded_by = yipan_acting()
       AND kind IN ('erasure.done', 'erasure.kept', 'erasure.reapplied');
    PERFORM set_config('yipan.ending', 'on', true);
    her := (told.clock->>'subject')::uuid;
    IF told.clock ? 'until' THEN
        kept := told.follows;
        until_on := (told.clock->>'until')::date;
    END IF;
    -- Only where she was written down first, or whoever stands in its place, ends what is known of her.
    SELECT e.recorded_by INTO holder FROM duties_payload p JOIN duties_event e ON e.id = p.event_id
     WHERE p.subject_id = her ORDER BY e.recorded_at, e.id LIMIT 1;
    IF holder IS NULL OR NOT (holder = told.recorded_by OR EXISTS (
        WITH RECURSIVE heirs AS (
            SELECT successor_id FROM offices_succession WHERE predecessor_id = holder
            UNION SELECT s.successor_id FROM offices_succession s JOIN heirs h ON s.predecessor_id = h.successor_id
        ) SELECT 1 FROM heirs WHERE successor_id = told.recorded_by))
    THEN
        RAISE EXCEPTION 'only the office that holds her erases her' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The words about no one person of a case go with the last of its persons.
    SELECT coalesce(array_agg(w.subject_id), '{}') INTO words FROM duties_threadsubject w
     WHERE w.name = 'case'
       AND EXISTS (SELECT 1 FROM duties_threadsubject t
                    WHERE t.thread_id = w.thread_id AND t.subject_id = her)
       AND NOT EXISTS (SELECT 1 FROM duties_threadsubject t JOIN duties_subject s ON s.id = t.subject_id
                        WHERE t.thread_id = w.thread_id AND t.name NOT IN ('case', 'proxy')
                          AND t.subject_id <> her AND s.wrapped_key IS NOT NULL);
    -- Who acted for her goes with her.
    SELECT coalesce(array_agg(DISTINCT t.subject_id), '{}') INTO hers FROM duties_threadsubject t
     WHERE t.name = 'proxy'
       AND EXISTS (SELECT 1 FROM duties_threadsubject w
                    WHERE w.thread_id = t.thread_id AND w.name = 'case' AND w.subject_id = ANY(words)
                    UNION ALL SELECT 1 FROM duties_threadsubject own
                    WHERE own.thread_id = t.thread_id AND own.subject_id = her AND NOT EXISTS (
                          SELECT 1 FROM duties_threadsubject o WHERE o.thread_id = t.thread_id
                             AND o.name NOT IN ('case', 'proxy') AND o.subject_id <> her));
    hers := her || hers || words;
    SELECT coalesce(array_agg(DISTINCT p.event_id), '{}') INTO texts FROM duties_payload p
     WHERE p.subject_id = ANY(hers) AND p.event_id <> ALL(kept);
    IF until_on IS NOT NULL THEN
        INSERT INTO duties_keptkey (id, wrapped_key, kek_version, until_on)
        SELECT s.id, s.wrapped_key, s.kek_version, until_on FROM duties_subject s
         WHERE s.id = ANY(hers) AND s.wrapped_key IS NOT NULL
           AND EXISTS (SELECT 1 FROM duties_payload p WHERE p.subject_id = s.id AND p.event_id = ANY(kept))
        ON CONFLICT (id) DO NOTHING;
    END IF;
    PERFORM yipan_destroy(named, texts, hers);
    -- What is kept is kept from everybody.
    UPDATE duties_subject SET wrapped_key = NULL, erased_at = coalesce(erased_at, told.recorded_at) WHERE id = ANY(hers);
    INSERT INTO duties_erasure (subject, organisation, erased_at, event, kept_until)
    VALUES (her, told.recorded_by, told.recorded_at, named, until_on)
    ON CONFLICT (subject) DO UPDATE SET kept_until = excluded.kept_until;
    PERFORM set_config('yipan.ending', '', true);
END
$body$;

CREATE FUNCTION yipan_end_records(named uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    told duties_event;
    whose uuid[];
BEGIN
    SELECT * INTO STRICT told FROM duties_event
     WHERE id = named AND recorded_by = yipan_acting() AND kind = 'records.ended';
    PERFORM set_config('yipan.ending', 'on', true);
    IF EXISTS (SELECT 1 FROM duties_event e WHERE e.id = ANY(told.follows) AND e.thread_id <> told.thread_id) THEN
        RAISE EXCEPTION 'what ends is of one case' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT coalesce(array_agg(DISTINCT p.subject_id), '{}') INTO whose
      FROM duties_payload p WHERE p.event_id = ANY(told.follows) AND p.ended_by IS NULL;
    PERFORM yipan_destroy(named, told.follows, whose);
    UPDATE duties_erasure SET kept_until = NULL
     WHERE subject = ANY(whose) AND NOT EXISTS (SELECT 1 FROM duties_keptkey k WHERE k.id = duties_erasure.subject);
    PERFORM set_config('yipan.ending', '', true);
END
$body$;
"""

RIGHTS = """
REVOKE ALL ON FUNCTION yipan_destroy(uuid, uuid[], uuid[]), yipan_erase(uuid), yipan_end_records(uuid) FROM PUBLIC;
DO $$
DECLARE worker text; made text;
BEGIN
    -- Fixed, and nothing temporary before it: the functions run with the owner's rights.
    FOREACH made IN ARRAY ARRAY['yipan_destroy(uuid, uuid[], uuid[])', 'yipan_erase(uuid)', 'yipan_end_records(uuid)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', made, current_schema());
    END LOOP;
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION yipan_erase(uuid), yipan_end_records(uuid) TO %I', worker);
        EXECUTE format('REVOKE ALL ON duties_keptkey FROM %I', worker);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON duties_erasure FROM %I', worker);
        EXECUTE format('REVOKE UPDATE ON duties_subject FROM %I', worker);
    END LOOP;
END $$;
"""

BACKWARD = """
DROP FUNCTION yipan_end_records(uuid);
DROP FUNCTION yipan_erase(uuid);
DROP FUNCTION yipan_destroy(uuid, uuid[], uuid[]);
DROP POLICY keptkey_owner ON duties_keptkey;
DROP POLICY erasure_ending ON duties_erasure;
DROP POLICY erasure_read ON duties_erasure;
DROP POLICY subject_ending ON duties_subject;
DROP POLICY subject_ending_read ON duties_subject;
DROP POLICY threadsubject_ending ON duties_threadsubject;
DROP POLICY payload_ending ON duties_payload;
DROP POLICY payload_ending_read ON duties_payload;
DROP POLICY event_ending ON duties_event;
DROP FUNCTION yipan_ending();
"""


class Migration(migrations.Migration):
    dependencies = [("duties", "0007_person"), ("offices", "0004_reorganisation")]
    operations = [
        migrations.AddField("payload", "digest", models.BinaryField(null=True)),
        migrations.AddField("payload", "ended_by", models.UUIDField(null=True)),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("subject", models.UUIDField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("erased_at", models.DateTimeField()),
                ("event", models.UUIDField()),
                ("kept_until", models.DateField(null=True)),
            ],
            options={"indexes": [models.Index(fields=["erased_at"], name="erasures_by_moment")]},
        ),
        migrations.CreateModel(
            name="KeptKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("wrapped_key", models.BinaryField()),
                ("kek_version", models.SmallIntegerField()),
                ("until_on", models.DateField()),
            ],
        ),
        migrations.RunSQL(POLICIES + FUNCTIONS + RIGHTS, BACKWARD),
    ]
