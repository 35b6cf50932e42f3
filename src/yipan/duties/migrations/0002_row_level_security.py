from __future__ import annotations

from django.db import migrations

# Who acts is said once per transaction by a Permit. `yipan_acting()` is the organisation, `yipan_threads()` the
# threads in which a verb is writing: of these the law reads the clock rows of every party, never a payload.
FUNCTIONS = """
CREATE FUNCTION yipan_acting() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.organisation', true), '') $$;
CREATE FUNCTION yipan_threads() RETURNS uuid[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('yipan.threads', true), ''), '{}')::uuid[] $$;
"""

TABLES = (
    "event",
    "payload",
    "subject",
    "threadsubject",
    "duty",
    "chainhead",
    "caseaccess",
    "openedoffice",
    "adoption",
)

POLICIES = """
-- An event: by the offices it names as its readers, by the law while a verb writes in its thread, and by a
-- superior to whom the silence of one of its parties has come.
CREATE POLICY event_read ON duties_event FOR SELECT USING (
    (SELECT yipan_acting()) = ANY(seen_by)
    OR thread_id = ANY((SELECT yipan_threads())::uuid[])
    OR EXISTS (SELECT 1 FROM duties_caseaccess a WHERE a.thread_id = duties_event.thread_id
               AND a.organisation = (SELECT yipan_acting()) AND a.party = ANY(duties_event.seen_by))
);
CREATE POLICY event_write ON duties_event FOR INSERT WITH CHECK (
    recorded_by = (SELECT yipan_acting()) AND thread_id = ANY((SELECT yipan_threads())::uuid[])
);

-- A payload: never by the law. By the offices it was shown to, and by that superior.
CREATE POLICY payload_read ON duties_payload FOR SELECT USING (
    (SELECT yipan_acting()) = ANY(seen_by)
    OR EXISTS (SELECT 1 FROM duties_event e JOIN duties_caseaccess a ON a.thread_id = e.thread_id
               WHERE e.id = duties_payload.event_id AND a.organisation = (SELECT yipan_acting())
               AND a.party = ANY(duties_payload.seen_by))
);
CREATE POLICY payload_write ON duties_payload FOR INSERT WITH CHECK (
    EXISTS (SELECT 1 FROM duties_event e WHERE e.id = event_id AND e.recorded_by = (SELECT yipan_acting()))
);

-- Which person a case means, and her wrapped key: while a verb writes there, and where a payload of hers may be read.
CREATE POLICY threadsubject_read ON duties_threadsubject FOR SELECT USING (
    thread_id = ANY((SELECT yipan_threads())::uuid[])
    OR EXISTS (SELECT 1 FROM duties_payload p WHERE p.subject_id = duties_threadsubject.subject_id)
);
CREATE POLICY threadsubject_write ON duties_threadsubject FOR INSERT WITH CHECK (
    thread_id = ANY((SELECT yipan_threads())::uuid[])
);
CREATE POLICY subject_read ON duties_subject FOR SELECT USING (
    EXISTS (SELECT 1 FROM duties_threadsubject t WHERE t.subject_id = duties_subject.id)
);
CREATE POLICY subject_write ON duties_subject FOR INSERT WITH CHECK ((SELECT yipan_acting()) <> '');

-- A duty: by who owes it, by whom it is owed to (unless it was released: then that office learns nothing), by the
-- offices above the debtor, who see what is late and no person, and by the law while a verb writes.
CREATE POLICY duty_read ON duties_duty FOR SELECT USING (
    owed_by = (SELECT yipan_acting())
    OR (owed_to = (SELECT yipan_acting()) AND state <> 'released')
    OR thread_id = ANY((SELECT yipan_threads())::uuid[])
    OR EXISTS (SELECT 1 FROM offices_line l WHERE l.organisation_id = duties_duty.owed_by
               AND l.superior_id = (SELECT yipan_acting()))
);
CREATE POLICY duty_insert ON duties_duty FOR INSERT WITH CHECK (thread_id = ANY((SELECT yipan_threads())::uuid[]));
CREATE POLICY duty_update ON duties_duty FOR UPDATE
    USING (thread_id = ANY((SELECT yipan_threads())::uuid[]))
    WITH CHECK (thread_id = ANY((SELECT yipan_threads())::uuid[]));

-- Heads name no person: anybody may read and compare them, only the office itself moves its own.
CREATE POLICY chainhead_read ON duties_chainhead FOR SELECT USING (true);
CREATE POLICY chainhead_insert ON duties_chainhead FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY chainhead_update ON duties_chainhead FOR UPDATE
    USING (organisation = (SELECT yipan_acting())) WITH CHECK (organisation = (SELECT yipan_acting()));

CREATE POLICY caseaccess_read ON duties_caseaccess FOR SELECT USING (
    organisation = (SELECT yipan_acting()) OR thread_id = ANY((SELECT yipan_threads())::uuid[])
);
CREATE POLICY caseaccess_write ON duties_caseaccess FOR INSERT WITH CHECK (
    thread_id = ANY((SELECT yipan_threads())::uuid[])
);

-- Which offices are open and which law is adopted is public.
CREATE POLICY openedoffice_read ON duties_openedoffice FOR SELECT USING (true);
CREATE POLICY openedoffice_insert ON duties_openedoffice FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY openedoffice_update ON duties_openedoffice FOR UPDATE
    USING (organisation = (SELECT yipan_acting())) WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY adoption_read ON duties_adoption FOR SELECT USING (true);
CREATE POLICY adoption_write ON duties_adoption FOR INSERT WITH CHECK (
    EXISTS (SELECT 1 FROM duties_event e WHERE e.id = event_id AND e.recorded_by = (SELECT yipan_acting()))
);
"""

# Written once: the working role has no right to change or remove what happened.
RIGHTS = """
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON duties_event, duties_payload, duties_adoption, duties_lawtext FROM %I', worker);
        EXECUTE format('REVOKE DELETE ON duties_duty, duties_thread, duties_chainhead, duties_caseaccess, duties_subject, duties_threadsubject, duties_openedoffice FROM %I', worker);
    END LOOP;
END $$;
"""


def _forward() -> str:
    locked = "".join(
        f"ALTER TABLE duties_{table} ENABLE ROW LEVEL SECURITY; ALTER TABLE duties_{table} FORCE ROW LEVEL SECURITY;\n"
        for table in TABLES
    )
    return FUNCTIONS + locked + POLICIES + RIGHTS


def _backward() -> str:
    dropped = "".join(
        f"ALTER TABLE duties_{table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE duties_{table} DISABLE ROW LEVEL SECURITY;\n"
        for table in TABLES
    )
    names = [line.split()[2:5:2] for line in POLICIES.splitlines() if line.startswith("CREATE POLICY")]
    return (
        "".join(f"DROP POLICY {policy} ON {table};\n" for policy, table in names)
        + dropped
        + "DROP FUNCTION yipan_threads(); DROP FUNCTION yipan_acting();"
    )


class Migration(migrations.Migration):
    dependencies = [("duties", "0001_tables"), ("offices", "0001_tables")]
    operations = [migrations.RunSQL(_forward(), _backward())]
