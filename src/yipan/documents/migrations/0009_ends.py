from __future__ import annotations

from django.db import migrations, models

# Papers and files end with the person they are about: a certificate is found by its number no more, a file has no key.
# The working role changes neither; the function does it as the owner of the tables, and only as an entry says that the
# acting office has just written.
FORWARD = """
CREATE INDEX evidence_of_entries ON duties_event (counts_by) WHERE counts_by LIKE 'evidence:%';
CREATE POLICY certificate_ending_read ON documents_certificate FOR SELECT TO CURRENT_USER USING ((SELECT yipan_ending()));
CREATE POLICY certificate_ending ON documents_certificate FOR UPDATE TO CURRENT_USER
    USING ((SELECT yipan_ending())) WITH CHECK ((SELECT yipan_ending()));

CREATE FUNCTION yipan_end_papers(named uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    told duties_event;
    threads uuid[];
    over uuid[];
    shown text[];
BEGIN
    SELECT * INTO STRICT told FROM duties_event
     WHERE id = named AND recorded_by = yipan_acting()
       AND kind IN ('erasure.done', 'erasure.kept', 'erasure.reapplied', 'records.ended');
    PERFORM set_config('yipan.ending', 'on', true);
    -- Certificates whose name was just destroyed.
    UPDATE documents_certificate c
       SET lookup = uuid_send(c.id), sealed = '', ended_at = coalesce(c.ended_at, told.recorded_at),
           ended_because = CASE WHEN c.ended_because = '' THEN 'erased' ELSE c.ended_because END
     WHERE EXISTS (SELECT 1 FROM duties_payload p WHERE p.event_id = c.id AND p.ended_by = named);
    -- Files of cases in which nobody is left whom they could be about.
    SELECT array_agg(DISTINCT e.thread_id) INTO threads
      FROM duties_payload p JOIN duties_event e ON e.id = p.event_id WHERE p.ended_by = named;
    SELECT coalesce(array_agg(t), '{}') INTO over FROM unnest(threads) AS t
     WHERE NOT EXISTS (SELECT 1 FROM duties_threadsubject s JOIN duties_subject k ON k.id = s.subject_id
                        JOIN duties_payload p ON p.subject_id = k.id AND p.ended_by IS NULL
                        JOIN duties_event e ON e.id = p.event_id AND e.thread_id = t
                       WHERE s.thread_id = t AND s.name <> 'proxy' AND k.wrapped_key IS NOT NULL);
    SELECT coalesce(array_agg(DISTINCT substr(e.counts_by, 10)), '{}') INTO shown FROM duties_event e
     WHERE e.thread_id = ANY(over) AND e.counts_by LIKE 'evidence:%'
       AND NOT EXISTS (SELECT 1 FROM duties_event other
                        WHERE other.counts_by = e.counts_by AND other.counts_by LIKE 'evidence:%'
                          AND other.thread_id <> ALL(over));
    UPDATE documents_evidence SET wrapped_key = NULL, ciphertext = '', name = '' WHERE digest = ANY(shown);
    PERFORM set_config('yipan.ending', '', true);
END
$body$;
REVOKE ALL ON FUNCTION yipan_end_papers(uuid) FROM PUBLIC;
DO $$
DECLARE worker text;
BEGIN
    -- Fixed, and nothing temporary before it: the function runs with the owner's rights.
    EXECUTE format('ALTER FUNCTION yipan_end_papers(uuid) SET search_path = %I, pg_temp', current_schema());
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION yipan_end_papers(uuid) TO %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP FUNCTION yipan_end_papers(uuid);
DROP POLICY certificate_ending ON documents_certificate;
DROP POLICY certificate_ending_read ON documents_certificate;
DROP INDEX evidence_of_entries;
"""
STATES = ("waiting", "message.accepted", "message.bounced", "message.stopped")


class Migration(migrations.Migration):
    dependencies = [("documents", "0008_keys"), ("duties", "0008_ends")]
    operations = [
        migrations.AlterField("evidence", "wrapped_key", models.BinaryField(null=True)),
        migrations.RemoveConstraint("message", "a_message_waits_or_has_ended"),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(("state__in", STATES)), name="a_message_waits_or_has_ended"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
