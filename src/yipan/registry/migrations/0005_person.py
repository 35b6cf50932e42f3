from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A card is seen by the office that gave it and whoever stands in its place, by whoever presents its number (said once per
# transaction, as a digest), and by the account that it opened. What it opens is never changed; that it ended is.
# An account is seen by itself alone: no office learns that two of its numbers are one person, or that she signs in at all.
FORWARD = """
CREATE FUNCTION yipan_account() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.account', true), '') $$;

ALTER TABLE registry_personaccount ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_personaccount FORCE ROW LEVEL SECURITY;
CREATE POLICY personaccount_own ON registry_personaccount
    USING (id = (SELECT yipan_account())) WITH CHECK (id = (SELECT yipan_account()));

ALTER TABLE registry_personsubject ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_personsubject FORCE ROW LEVEL SECURITY;
-- Whoever presents a card is led to the account that it opened.
CREATE POLICY personsubject_own ON registry_personsubject
    USING (account_id = (SELECT yipan_account())
           OR access_id IN (SELECT a.id FROM registry_access a
                             WHERE a.number_digest = decode(coalesce(current_setting('yipan.presented', true), ''), 'hex')))
    WITH CHECK (account_id = (SELECT yipan_account()));

ALTER TABLE registry_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_access FORCE ROW LEVEL SECURITY;
CREATE POLICY access_given ON registry_access FOR INSERT WITH CHECK (organisation = (SELECT yipan_acting()));
CREATE POLICY access_of_office ON registry_access FOR SELECT USING (
    organisation = (SELECT yipan_acting())
    OR EXISTS (
        WITH RECURSIVE before AS (
            SELECT predecessor_id FROM offices_succession WHERE successor_id = (SELECT yipan_acting())
            UNION SELECT s.predecessor_id FROM offices_succession s JOIN before b ON s.successor_id = b.predecessor_id
        ) SELECT 1 FROM before WHERE predecessor_id = organisation)
);
CREATE POLICY access_ended ON registry_access FOR UPDATE USING (
    organisation = (SELECT yipan_acting())
    OR EXISTS (
        WITH RECURSIVE before AS (
            SELECT predecessor_id FROM offices_succession WHERE successor_id = (SELECT yipan_acting())
            UNION SELECT s.predecessor_id FROM offices_succession s JOIN before b ON s.successor_id = b.predecessor_id
        ) SELECT 1 FROM before WHERE predecessor_id = organisation)
);
CREATE POLICY access_presented ON registry_access FOR SELECT USING (
    number_digest = decode(coalesce(current_setting('yipan.presented', true), ''), 'hex')
);
CREATE POLICY access_to_her ON registry_access FOR SELECT USING (
    subject = ANY((SELECT yipan_subjects())::uuid[])
);
-- Her register entries and her line through places; and who looked at her, whichever office it was.
CREATE POLICY person_to_her ON registry_person FOR SELECT USING (
    subject = ANY((SELECT yipan_subjects())::uuid[]) AND (SELECT yipan_matters()) = '{}'
);
CREATE POLICY stay_to_her ON registry_stay FOR SELECT USING (
    (SELECT yipan_subjects()) <> '{}'
    AND EXISTS (SELECT 1 FROM registry_person p WHERE p.thread = registry_stay.thread)
);
CREATE POLICY read_to_her ON registry_read FOR SELECT USING (
    subjects && (SELECT yipan_subjects()) AND ((SELECT yipan_matters()) = '{}' OR threads && (SELECT yipan_matters()))
);
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'registry_access' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON registry_access, registry_personaccount, registry_personsubject FROM %I', worker);
        EXECUTE format('GRANT UPDATE (ended_at, ended_because) ON registry_access TO %I', worker);
        EXECUTE format('GRANT UPDATE (account_id, used_at) ON registry_personsubject TO %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY read_to_her ON registry_read;
DROP POLICY stay_to_her ON registry_stay;
DROP POLICY person_to_her ON registry_person;
DROP POLICY access_to_her ON registry_access;
DROP POLICY access_presented ON registry_access;
DROP POLICY access_ended ON registry_access;
DROP POLICY access_of_office ON registry_access;
DROP POLICY access_given ON registry_access;
DROP POLICY personsubject_own ON registry_personsubject;
DROP POLICY personaccount_own ON registry_personaccount;
DROP FUNCTION yipan_account();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_people_row_level_security"),
        ("duties", "0007_person"),
        ("offices", "0004_reorganisation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="PersonAccount",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="person_account",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number_digest", models.BinaryField(unique=True)),
                ("code_hash", models.TextField()),
                ("subject", models.UUIDField()),
                ("thread", models.UUIDField(db_index=True)),
                ("organisation", models.TextField()),
                ("officer", models.TextField()),
                ("given_at", models.DateTimeField()),
                (
                    "matters",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("until_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_because", models.TextField(default="")),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="cards_of_a_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_because", "")),
                            models.Q(
                                ("ended_at__isnull", False), models.Q(("ended_because", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="a_card_ends_for_a_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonSubject",
            fields=[
                (
                    "access",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="registry.access",
                    ),
                ),
                ("subject", models.UUIDField()),
                ("added_at", models.DateTimeField()),
                ("used_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opened",
                        to="registry.personaccount",
                    ),
                ),
            ],
        ),
        # Both ways of seeing a look are found by an index: an office's own, and whom it showed.
        migrations.AddIndex(
            "read", models.Index(fields=["organisation", "read_at"], name="reads_of_an_office")
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
