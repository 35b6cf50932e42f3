from __future__ import annotations

from django.db import migrations, models

# A number printed on paper that others may see opens once: whoever presents it gets another that nobody has seen. She is who
# presents it; the new digest must be one that the old policies would show her.
ONCE = """
CREATE POLICY access_turned ON registry_access FOR UPDATE USING (
    once AND ended_at IS NULL AND number_digest = decode(coalesce(current_setting('yipan.presented', true), ''), 'hex')
) WITH CHECK (NOT once AND ended_at IS NULL AND subject = ANY((SELECT yipan_subjects())::uuid[]));
"""

# Looks end with their term, the oldest seals first and whole ones only; the seals stay, and a row says through which one.
# The function takes the moment: how long looks are kept is said in data.
LOOKS = """
ALTER TABLE registry_readend ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_readend FORCE ROW LEVEL SECURITY;
CREATE POLICY readend_own ON registry_readend FOR SELECT USING (organisation = (SELECT yipan_acting()));
CREATE POLICY readend_write ON registry_readend FOR INSERT TO CURRENT_USER
    WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY read_end ON registry_read FOR DELETE TO CURRENT_USER USING (organisation = (SELECT yipan_acting()));
CREATE POLICY flag_end ON registry_flag FOR DELETE TO CURRENT_USER USING (organisation = (SELECT yipan_acting()));
CREATE POLICY readroot_heads ON registry_readroot FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION yipan_end_looks(before timestamptz, told timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    own text := yipan_acting();
    last bigint;
    gone bigint[];
    counted integer;
BEGIN
    SELECT max(number) INTO last FROM registry_readroot r
     WHERE r.organisation = own AND r.minute < before
       AND NOT EXISTS (SELECT 1 FROM registry_readroot e
                        WHERE e.organisation = own AND e.number < r.number AND e.minute >= before);
    IF last IS NULL OR last <= coalesce((SELECT max(number) FROM registry_readend WHERE organisation = own), 0) THEN
        RETURN 0;
    END IF;
    SELECT array_agg(each) INTO gone FROM registry_readroot r, unnest(r.reads) AS each
     WHERE r.organisation = own AND r.number <= last;
    DELETE FROM registry_flag WHERE organisation = own AND read = ANY(gone);
    DELETE FROM registry_read WHERE organisation = own AND id = ANY(gone);
    GET DIAGNOSTICS counted = ROW_COUNT;
    INSERT INTO registry_readend (organisation, number, ended_at) VALUES (own, last, told);
    RETURN counted;
END
$body$;
-- Counts and digests of every office's seals, and nobody's look: what a checkpoint signs.
CREATE FUNCTION yipan_read_heads() RETURNS TABLE (organisation text, number bigint, digest bytea)
LANGUAGE sql STABLE SECURITY DEFINER AS $body$
    SELECT DISTINCT ON (r.organisation) r.organisation, r.number, r.digest
      FROM registry_readroot r ORDER BY r.organisation, r.number DESC
$body$;
REVOKE ALL ON FUNCTION yipan_end_looks(timestamptz, timestamptz), yipan_read_heads() FROM PUBLIC;
DO $$
DECLARE worker text;
BEGIN
    EXECUTE format('ALTER FUNCTION yipan_end_looks(timestamptz, timestamptz) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION yipan_read_heads() SET search_path = %I, pg_temp', current_schema());
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION yipan_end_looks(timestamptz, timestamptz), yipan_read_heads() TO %I', worker);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON registry_readend FROM %I', worker);
        EXECUTE format('GRANT UPDATE (number_digest, code_hash, once) ON registry_access TO %I', worker);
    END LOOP;
END $$;
"""

BACKWARD = """
DROP FUNCTION yipan_read_heads();
DROP FUNCTION yipan_end_looks(timestamptz, timestamptz);
DROP POLICY readroot_heads ON registry_readroot;
DROP POLICY flag_end ON registry_flag;
DROP POLICY read_end ON registry_read;
DROP POLICY readend_write ON registry_readend;
DROP POLICY readend_own ON registry_readend;
DROP POLICY access_turned ON registry_access;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0008_keys"), ("duties", "0009_keys")]
    operations = [
        migrations.AddField("access", "once", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="ReadEnd",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("organisation", models.TextField(db_index=True)),
                ("number", models.BigIntegerField()),
                ("ended_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(ONCE + LOOKS, BACKWARD),
    ]
