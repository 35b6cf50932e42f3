from __future__ import annotations

from django.db import migrations

# Who counts reads the duties and entries of all offices, and nothing that names anybody: the working role cannot read
# those rows, only call these functions, and they return no id, no word and no sealed fact. Cases are told apart by a
# salted digest. The policies hold for the owner alone, while one of the functions runs.
FORWARD = """
CREATE FUNCTION yipan_counting() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.counting', true), '') = 'on' $$;
CREATE POLICY event_counted ON duties_event FOR SELECT TO CURRENT_ROLE USING ((SELECT yipan_counting()));
CREATE POLICY duty_counted ON duties_duty FOR SELECT TO CURRENT_ROLE USING ((SELECT yipan_counting()));

CREATE FUNCTION yipan_salted(salt bytea, id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(encode(sha256(salt || uuid_send(id)), 'hex'), 1, 16))::bit(64)::bigint $$;

CREATE FUNCTION yipan_counted_entries(offices text[], after bigint[], upto bigint[], salt bytea, sayable jsonb)
RETURNS TABLE (
    key bigint, thread bigint, kind text, office text, recorded_by text, role text, partner text, nth int,
    counts_at timestamp, recorded_at timestamp, counts_by text, corrects bigint, said text
) LANGUAGE plpgsql SECURITY DEFINER AS $body$
#variable_conflict use_column
BEGIN
    PERFORM set_config('yipan.counting', 'on', true);
    RETURN QUERY
    SELECT yipan_salted(salt, e.id), yipan_salted(salt, e.thread_id), e.kind,
           CASE WHEN e.on_behalf_of = '' THEN e.recorded_by ELSE e.on_behalf_of END, e.recorded_by,
           coalesce(party.role, ''), coalesce(party.office, ''), coalesce(party.nth, 1)::int,
           e.counts_at AT TIME ZONE 'Asia/Shanghai', e.recorded_at AT TIME ZONE 'Asia/Shanghai',
           split_part(e.counts_by, ':', 1),
           CASE WHEN e.corrects IS NULL THEN NULL ELSE yipan_salted(salt, e.corrects) END,
           coalesce((SELECT jsonb_object_agg(told.key, told.value) FROM jsonb_each_text(e.clock::jsonb) AS told
                      WHERE (sayable -> e.kind) ? told.key)::text, '{}')
      FROM unnest(offices, after, upto) AS range(of, behind, upto)
      JOIN duties_event e ON e.recorded_by = range.of AND e.seq > range.behind AND e.seq <= range.upto
      LEFT JOIN LATERAL (
          SELECT held.key AS role, other.value AS office, row_number() OVER (ORDER BY held.key, other.value) AS nth
            FROM jsonb_each(e.parties::jsonb) AS held, jsonb_array_elements_text(held.value) AS other
           WHERE other.value <> CASE WHEN e.on_behalf_of = '' THEN e.recorded_by ELSE e.on_behalf_of END
      ) AS party ON true;
    PERFORM set_config('yipan.counting', '', true);
END
$body$;

CREATE FUNCTION yipan_counted_duties(offices text[], after bigint[], upto bigint[], salt bytea)
RETURNS TABLE (
    key bigint, thread bigint, rule text, rule_pack text, version_on date, period text, party_role text,
    office text, owed_by text, owed_to text, crossing text, opened_at timestamp, due_at timestamp,
    closed_at timestamp, lapsed_at timestamp, state text, provisional boolean, opened_kind text, closed_kind text,
    closed_by text, closed_told_at timestamp, closed_on_evidence boolean, answer text
) LANGUAGE plpgsql SECURITY DEFINER AS $body$
#variable_conflict use_column
BEGIN
    PERFORM set_config('yipan.counting', 'on', true);
    RETURN QUERY
    SELECT yipan_salted(salt, d.id), yipan_salted(salt, d.thread_id), d.rule, d.rule_pack, d.rule_version_on, d.period,
           d.party_role, CASE WHEN d.lapsed_by = '' THEN d.owed_by ELSE d.lapsed_by END, d.owed_by, d.owed_to,
           CASE WHEN other.office IS NULL THEN ''
                WHEN left(other.office, 2) = left(d.owed_by, 2) THEN 'within-province' ELSE 'across-provinces' END,
           d.opened_at AT TIME ZONE 'Asia/Shanghai', d.due_at AT TIME ZONE 'Asia/Shanghai',
           d.closed_at AT TIME ZONE 'Asia/Shanghai', d.lapsed_at AT TIME ZONE 'Asia/Shanghai', d.state, d.provisional,
           coalesce(opening.kind, ''), coalesce(closing.kind, ''), coalesce(closing.recorded_by, ''),
           closing.recorded_at AT TIME ZONE 'Asia/Shanghai', coalesce(closing.counts_by LIKE 'evidence:%', false),
           coalesce(closing.clock::jsonb ->> 'result', '')
      FROM duties_duty d
      LEFT JOIN duties_event opening ON opening.id = d.opened_by
      LEFT JOIN LATERAL (
          -- As it stands: the last correction of what closed it.
          SELECT e.* FROM duties_event e WHERE e.id = d.closed_by OR e.corrects = d.closed_by AND e.thread_id = d.thread_id
           ORDER BY e.corrects IS NOT NULL DESC, e.id DESC LIMIT 1
      ) AS closing ON true
      LEFT JOIN LATERAL (
          -- The other end: whom it is owed to; of what is owed to a person, the other office of the case, rather of another county.
          SELECT candidate.office FROM (
              SELECT d.owed_to AS office, 0 AS rank WHERE d.owed_to ~ '^[0-9]'
              UNION ALL
              SELECT named.value, 1 + (left(named.value, 6) = left(d.owed_by, 6))::int
                FROM jsonb_each(opening.parties::jsonb) AS held, jsonb_array_elements_text(held.value) AS named
               WHERE named.value <> d.owed_by
          ) AS candidate ORDER BY candidate.rank, candidate.office LIMIT 1
      ) AS other ON true
     WHERE d.thread_id IN (
         SELECT e.thread_id FROM unnest(offices, after, upto) AS range(of, behind, upto)
           JOIN duties_event e ON e.recorded_by = range.of AND e.seq > range.behind AND e.seq <= range.upto);
    PERFORM set_config('yipan.counting', '', true);
END
$body$;

REVOKE ALL ON FUNCTION yipan_counted_entries(text[], bigint[], bigint[], bytea, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION yipan_counted_duties(text[], bigint[], bigint[], bytea) FROM PUBLIC;
DO $$
DECLARE worker text; counted text;
BEGIN
    FOREACH counted IN ARRAY ARRAY['yipan_counted_entries(text[], bigint[], bigint[], bytea, jsonb)',
                                   'yipan_counted_duties(text[], bigint[], bigint[], bytea)'] LOOP
        -- Fixed, and nothing temporary before it: they run with the owner's rights.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', counted, current_schema());
        FOR worker IN
            SELECT DISTINCT grantee FROM information_schema.role_table_grants
             WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', counted, worker);
        END LOOP;
    END LOOP;
END $$;
"""
BACKWARD = """
DROP FUNCTION yipan_counted_duties(text[], bigint[], bigint[], bytea);
DROP FUNCTION yipan_counted_entries(text[], bigint[], bigint[], bytea, jsonb);
DROP FUNCTION yipan_salted(bytea, uuid);
DROP POLICY duty_counted ON duties_duty;
DROP POLICY event_counted ON duties_event;
DROP FUNCTION yipan_counting();
"""


class Migration(migrations.Migration):
    dependencies = [("statistics", "0001_filings"), ("duties", "0006_free_of_charge")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
