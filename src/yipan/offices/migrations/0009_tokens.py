from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# A token's row is seen by its office, and by whoever presents the token. An office makes and ends its own; nothing of a
# row but its use and its end is ever written again, and none is taken away. The counts of calls are nobody's facts:
# keyed digests, for an hour.
FORWARD = """
ALTER TABLE offices_apitoken ENABLE ROW LEVEL SECURITY;
ALTER TABLE offices_apitoken FORCE ROW LEVEL SECURITY;
CREATE FUNCTION yipan_holds_token(kept bytea) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT kept = decode(coalesce(current_setting('yipan.token', true), ''), 'hex') $$;
CREATE POLICY apitoken_read ON offices_apitoken FOR SELECT
    USING (organisation_id = coalesce(current_setting('yipan.organisation', true), '') OR yipan_holds_token(digest));
CREATE POLICY apitoken_insert ON offices_apitoken FOR INSERT
    WITH CHECK (organisation_id = coalesce(current_setting('yipan.organisation', true), ''));
CREATE POLICY apitoken_update ON offices_apitoken FOR UPDATE
    USING (organisation_id = coalesce(current_setting('yipan.organisation', true), '') OR yipan_holds_token(digest));
ALTER TABLE offices_apicalls SET UNLOGGED;
ALTER TABLE offices_apicalls ENABLE ROW LEVEL SECURITY;
ALTER TABLE offices_apicalls FORCE ROW LEVEL SECURITY;
CREATE POLICY apicalls_all ON offices_apicalls USING (true) WITH CHECK (true);
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'offices_apitoken' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON offices_apitoken FROM %I', worker);
        EXECUTE format('GRANT UPDATE (last_used_at, ended_at, ended_by) ON offices_apitoken TO %I', worker);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP POLICY apicalls_all ON offices_apicalls;
DROP POLICY apitoken_update ON offices_apitoken;
DROP POLICY apitoken_insert ON offices_apitoken;
DROP POLICY apitoken_read ON offices_apitoken;
DROP FUNCTION yipan_holds_token(bytea);
"""


class Migration(migrations.Migration):
    dependencies = [("offices", "0008_sign_in")]
    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("program", models.TextField()),
                ("digest", models.BinaryField(unique=True)),
                ("reads_only", models.BooleanField(default=False)),
                ("made_by", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(default="")),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="offices.officer",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offices.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "made_at"], name="tokens_of_an_office")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("made_at"))), name="a_token_has_an_end"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiCalls",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("minute", models.DateTimeField()),
                ("calls", models.IntegerField()),
            ],
            options={"indexes": [models.Index(fields=["minute"], name="api_calls_by_age")]},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
