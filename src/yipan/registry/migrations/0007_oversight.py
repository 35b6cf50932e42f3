from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

# Who audits says so for one transaction, and then sees the looks, flags and broken glasses of the offices below: never a
# payload of a person. A broken glass opens its cases to the officer who broke it, while it lasts, and to nobody else.
FUNCTIONS = """
CREATE FUNCTION yipan_auditing() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.auditing', true), '') = 'yes' $$;
CREATE FUNCTION yipan_glass_numbers() RETURNS bytea[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(array_agg(decode(each, 'hex')), '{}')
     FROM unnest(string_to_array(nullif(current_setting('yipan.glass_numbers', true), ''), ',')) AS each $$;
CREATE FUNCTION yipan_glass() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT threads FROM registry_glass
     WHERE event = nullif(current_setting('yipan.glass', true), '')::uuid
       AND organisation = yipan_acting() AND officer = current_setting('yipan.officer', true)
       AND until_at > nullif(current_setting('yipan.glass_at', true), '')::timestamptz), '{}') $$;
CREATE FUNCTION yipan_glass_subjects() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT subjects FROM registry_glass
     WHERE event = nullif(current_setting('yipan.glass', true), '')::uuid
       AND organisation = yipan_acting() AND officer = current_setting('yipan.officer', true)
       AND until_at > nullif(current_setting('yipan.glass_at', true), '')::timestamptz), '{}') $$;
"""

LOCKED = "".join(
    f"ALTER TABLE registry_{each} ENABLE ROW LEVEL SECURITY; ALTER TABLE registry_{each} FORCE ROW LEVEL SECURITY;\n"
    for each in ("glass", "flag", "readroot")
)

BELOW = """EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = {column}
               AND l.superior_id = (SELECT yipan_acting()))"""

POLICIES = f"""
CREATE POLICY read_audit ON registry_read FOR SELECT USING (
    (SELECT yipan_auditing()) AND {BELOW.format(column="registry_read.organisation")}
);
CREATE POLICY flag_own ON registry_flag FOR SELECT USING (organisation = (SELECT yipan_acting()));
CREATE POLICY flag_write ON registry_flag FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY flag_audit ON registry_flag FOR SELECT USING (
    (SELECT yipan_auditing()) AND {BELOW.format(column="registry_flag.organisation")}
);
CREATE POLICY readroot_own ON registry_readroot FOR SELECT USING (organisation = (SELECT yipan_acting()));
CREATE POLICY readroot_write ON registry_readroot FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));

CREATE POLICY glass_own ON registry_glass FOR SELECT USING (organisation = (SELECT yipan_acting()));
CREATE POLICY glass_audit ON registry_glass FOR SELECT USING (
    (SELECT yipan_auditing()) AND {BELOW.format(column="registry_glass.organisation")}
);
CREATE POLICY glass_to_her ON registry_glass FOR SELECT USING (
    subjects && (SELECT yipan_subjects()) AND (SELECT yipan_matters()) = '{{}}'
);
-- Only the function below adds one, as the owner of the tables; and only then may the owner look a number up.
CREATE POLICY glass_write ON registry_glass FOR INSERT TO CURRENT_USER WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY person_for_glass ON registry_person FOR SELECT TO CURRENT_USER USING (
    number_digest = ANY((SELECT yipan_glass_numbers())::bytea[])
);

-- What a broken glass opens: the entries of its cases, of them what is said of its persons, and what is owed there.
CREATE POLICY event_glass ON duties_event FOR SELECT USING (thread_id = ANY((SELECT yipan_glass())::uuid[]));
CREATE POLICY payload_glass ON duties_payload FOR SELECT USING (
    subject_id = ANY((SELECT yipan_glass_subjects())::uuid[])
    AND EXISTS (SELECT 1 FROM duties_event e
                 WHERE e.id = duties_payload.event_id AND e.thread_id = ANY((SELECT yipan_glass())::uuid[]))
);
CREATE POLICY duty_glass ON duties_duty FOR SELECT USING (thread_id = ANY((SELECT yipan_glass())::uuid[]));
CREATE POLICY person_glass ON registry_person FOR SELECT USING (thread = ANY((SELECT yipan_glass())::uuid[]));

-- What an auditor may read of the journal: that a glass was broken, and the reason that was given.
CREATE POLICY event_audit ON duties_event FOR SELECT USING (
    (SELECT yipan_auditing()) AND kind = 'glass.broken' AND {BELOW.format(column="duties_event.recorded_by")}
);
CREATE POLICY payload_audit ON duties_payload FOR SELECT USING (
    (SELECT yipan_auditing()) AND name = 'case'
    AND EXISTS (SELECT 1 FROM duties_event e WHERE e.id = duties_payload.event_id AND e.kind = 'glass.broken')
);
"""  # noqa: S608  # names of our own columns

# Breaks a glass as the event says that the acting officer has just written. Whether anybody was found, or not, it is
# written down alike: nobody tries numbers out unseen.
BREAK = """
CREATE FUNCTION yipan_break_glass(named uuid, wanted uuid, numbers text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    told duties_event;
    before text := current_setting('yipan.threads', true);
    cases uuid[] := '{}';
    people uuid[] := '{}';
BEGIN
    SELECT * INTO STRICT told FROM duties_event
     WHERE id = named AND recorded_by = yipan_acting() AND kind = 'glass.broken'
       AND officer = current_setting('yipan.officer', true);
    IF wanted IS NOT NULL THEN
        PERFORM set_config('yipan.threads', '{' || wanted || '}', true);
        SELECT coalesce(array_agg(DISTINCT thread_id), '{}'), coalesce(array_agg(DISTINCT subject_id), '{}')
          INTO cases, people FROM duties_threadsubject WHERE thread_id = wanted;
        PERFORM set_config('yipan.threads', coalesce(before, ''), true);
    ELSE
        PERFORM set_config('yipan.glass_numbers', numbers, true);
        SELECT coalesce(array_agg(DISTINCT thread), '{}'), coalesce(array_agg(DISTINCT subject), '{}')
          INTO cases, people FROM registry_person WHERE number_digest = ANY(yipan_glass_numbers());
        PERFORM set_config('yipan.glass_numbers', '', true);
    END IF;
    INSERT INTO registry_glass (event, organisation, officer, because, threads, subjects, begun_at, until_at)
    VALUES (named, told.recorded_by, told.officer, told.clock->>'because', cases, people, told.recorded_at,
            (told.clock->>'until_at')::timestamptz);
    RETURN cardinality(cases);
END
$body$;
REVOKE ALL ON FUNCTION yipan_break_glass(uuid, uuid, text) FROM PUBLIC;
DO $$
DECLARE worker text;
BEGIN
    EXECUTE format('ALTER FUNCTION yipan_break_glass(uuid, uuid, text) SET search_path = %I, pg_temp', current_schema());
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION yipan_break_glass(uuid, uuid, text) TO %I', worker);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON registry_glass FROM %I', worker);
        EXECUTE format('REVOKE UPDATE, DELETE ON registry_flag, registry_readroot FROM %I', worker);
    END LOOP;
END $$;
"""

BACKWARD = """
DROP FUNCTION yipan_break_glass(uuid, uuid, text);
DROP POLICY payload_audit ON duties_payload;
DROP POLICY event_audit ON duties_event;
DROP POLICY person_glass ON registry_person;
DROP POLICY duty_glass ON duties_duty;
DROP POLICY payload_glass ON duties_payload;
DROP POLICY event_glass ON duties_event;
DROP POLICY person_for_glass ON registry_person;
DROP POLICY glass_write ON registry_glass;
DROP POLICY glass_to_her ON registry_glass;
DROP POLICY glass_audit ON registry_glass;
DROP POLICY glass_own ON registry_glass;
DROP POLICY readroot_write ON registry_readroot;
DROP POLICY readroot_own ON registry_readroot;
DROP POLICY flag_audit ON registry_flag;
DROP POLICY flag_write ON registry_flag;
DROP POLICY flag_own ON registry_flag;
DROP POLICY read_audit ON registry_read;
DROP FUNCTION yipan_glass_subjects();
DROP FUNCTION yipan_glass();
DROP FUNCTION yipan_glass_numbers();
DROP FUNCTION yipan_auditing();
"""


def _uuids() -> django.contrib.postgres.fields.ArrayField[Any, Any]:
    return django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_ends"), ("duties", "0007_person"), ("offices", "0007_roles")]
    operations = [
        migrations.AddField("read", "ground", models.TextField(default="", db_default="")),
        migrations.AddField("read", "words", models.TextField(default="", db_default="")),
        migrations.CreateModel(
            name="Glass",
            fields=[
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("officer", models.TextField()),
                ("because", models.TextField()),
                ("threads", _uuids()),
                ("subjects", _uuids()),
                ("begun_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(until_at__gt=models.F("begun_at")),
                        name="a_glass_ends_after_it_begins",
                    )
                ],
                "indexes": [models.Index(fields=["organisation", "begun_at"], name="glasses_of_an_office")],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("read", models.BigIntegerField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("officer", models.TextField()),
                ("purpose", models.TextField()),
                ("flagged_at", models.DateTimeField()),
                ("shown", models.IntegerField()),
                ("strangers", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "flagged_at"], name="flags_of_an_office")]
            },
        ),
        migrations.CreateModel(
            name="ReadRoot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("organisation", models.TextField()),
                ("number", models.BigIntegerField()),
                ("minute", models.DateTimeField()),
                (
                    "reads",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("root", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["organisation", "number"], name="roots_of_an_office_are_counted"
                    )
                ]
            },
        ),
        migrations.RunSQL(FUNCTIONS + LOCKED + POLICIES + BREAK, BACKWARD),
    ]
