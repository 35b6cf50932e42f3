from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

# A person at her own page. `yipan_subjects()` is who she is here, said once per transaction by a PersonPermit;
# `yipan_matters()` keeps whoever acts for her to the cases named, and is empty where nothing is kept from her.
# Each policy stands beside those of the offices: what is hers she sees, and nothing that they see opens to her.
FUNCTIONS = """
CREATE FUNCTION yipan_subjects() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('yipan.subjects', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION yipan_matters() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('yipan.matters', true), ''), '{}')::uuid[] $$;
"""

# Whom an entry may be shown to as hers, and what each person of a case may see of its duties: `duties/whose.py` says it.
COLUMNS = """
ALTER TABLE duties_event ADD COLUMN persons uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE duties_threadsubject
    ADD COLUMN alone boolean NOT NULL DEFAULT false,
    ADD COLUMN own text[] NOT NULL DEFAULT '{}',
    ADD COLUMN shared text[] NOT NULL DEFAULT '{}',
    ADD COLUMN others text[] NOT NULL DEFAULT '{}';
"""

POLICIES = """
CREATE POLICY event_to_her ON duties_event FOR SELECT USING (
    persons && (SELECT yipan_subjects())
    AND ((SELECT yipan_matters()) = '{}' OR thread_id = ANY((SELECT yipan_matters())::uuid[]))
);
-- What is said of her; and the words about no one person, where the entry is shown to nobody but her.
CREATE POLICY payload_to_her ON duties_payload FOR SELECT USING (
    (SELECT yipan_subjects()) <> '{}'
    AND (subject_id = ANY((SELECT yipan_subjects())::uuid[]) OR name = 'case')
    AND EXISTS (SELECT 1 FROM duties_event e WHERE e.id = duties_payload.event_id
                AND ((SELECT yipan_matters()) = '{}' OR e.thread_id = ANY((SELECT yipan_matters())::uuid[]))
                AND (duties_payload.name <> 'case'
                     OR (e.persons && (SELECT yipan_subjects()) AND e.persons <@ (SELECT yipan_subjects()))))
);
CREATE POLICY threadsubject_to_her ON duties_threadsubject FOR SELECT USING (
    subject_id = ANY((SELECT yipan_subjects())::uuid[])
);
CREATE POLICY subject_to_her ON duties_subject FOR SELECT USING (id = ANY((SELECT yipan_subjects())::uuid[]));
-- A duty: of a case that is hers alone, each; of one with another person in it, what is owed to both or for her part.
CREATE POLICY duty_to_her ON duties_duty FOR SELECT USING (
    (SELECT yipan_subjects()) <> '{}'
    AND ((SELECT yipan_matters()) = '{}' OR thread_id = ANY((SELECT yipan_matters())::uuid[]))
    AND EXISTS (SELECT 1 FROM duties_threadsubject t
                 WHERE t.thread_id = duties_duty.thread_id AND t.subject_id = ANY((SELECT yipan_subjects())::uuid[])
                   AND (t.alone OR duties_duty.party_role = ANY(t.own)
                        OR (duties_duty.owed_to = 'person' AND t.shared <> '{}'
                            AND duties_duty.party_role <> ALL(t.others))))
);
"""

BACKWARD = """
DROP POLICY duty_to_her ON duties_duty;
DROP POLICY subject_to_her ON duties_subject;
DROP POLICY threadsubject_to_her ON duties_threadsubject;
DROP POLICY payload_to_her ON duties_payload;
DROP POLICY event_to_her ON duties_event;
ALTER TABLE duties_threadsubject DROP COLUMN alone, DROP COLUMN own, DROP COLUMN shared, DROP COLUMN others;
ALTER TABLE duties_event DROP COLUMN persons;
DROP FUNCTION yipan_matters();
DROP FUNCTION yipan_subjects();
"""


def _texts() -> django.contrib.postgres.fields.ArrayField[Any, Any]:
    return django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)


class Migration(migrations.Migration):
    dependencies = [("duties", "0006_free_of_charge")]
    operations = [
        migrations.RunSQL(
            FUNCTIONS + COLUMNS + POLICIES,
            BACKWARD,
            state_operations=[
                migrations.AddField(
                    "event",
                    "persons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                migrations.AddField("threadsubject", "alone", models.BooleanField(default=False)),
                migrations.AddField("threadsubject", "own", _texts()),
                migrations.AddField("threadsubject", "shared", _texts()),
                migrations.AddField("threadsubject", "others", _texts()),
            ],
        )
    ]
