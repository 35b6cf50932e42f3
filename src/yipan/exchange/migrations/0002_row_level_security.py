from __future__ import annotations

from django.db import migrations

TABLES = ("peer", "outbox", "inbox", "party", "proof", "refusal")

# Who a peer is, is public. What left for it, its own office sees, and the exchange, which says so for its transaction and
# then acts for no office. Nothing is ever deleted; a proof is never changed.
POLICIES = """
CREATE FUNCTION yipan_exchange() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('yipan.exchange', true), '') = 'on' $$;
CREATE POLICY peer_read ON exchange_peer FOR SELECT USING (true);
CREATE POLICY peer_write ON exchange_peer FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY peer_move ON exchange_peer FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY outbox_read ON exchange_outbox FOR SELECT USING (
    (SELECT yipan_exchange()) OR (organisation <> '' AND organisation = (SELECT yipan_acting()))
);
CREATE POLICY outbox_write ON exchange_outbox FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY outbox_move ON exchange_outbox FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY inbox_all ON exchange_inbox FOR SELECT USING ((SELECT yipan_exchange()));
CREATE POLICY inbox_write ON exchange_inbox FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY inbox_move ON exchange_inbox FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY party_all ON exchange_party FOR SELECT USING ((SELECT yipan_exchange()));
CREATE POLICY party_write ON exchange_party FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY proof_all ON exchange_proof FOR SELECT USING ((SELECT yipan_exchange()));
CREATE POLICY proof_write ON exchange_proof FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY refusal_all ON exchange_refusal FOR SELECT USING ((SELECT yipan_exchange()));
CREATE POLICY refusal_write ON exchange_refusal FOR INSERT WITH CHECK ((SELECT yipan_exchange()));
CREATE POLICY refusal_move ON exchange_refusal FOR UPDATE USING ((SELECT yipan_exchange())) WITH CHECK ((SELECT yipan_exchange()));
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'duties_event' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE DELETE ON exchange_peer, exchange_outbox, exchange_inbox, exchange_refusal FROM %I', worker);
        EXECUTE format('REVOKE UPDATE, DELETE ON exchange_proof, exchange_party FROM %I', worker);
    END LOOP;
END $$;
"""


def _forward() -> str:
    locked = "".join(
        f"ALTER TABLE exchange_{table} ENABLE ROW LEVEL SECURITY; ALTER TABLE exchange_{table} FORCE ROW LEVEL SECURITY;\n"
        for table in TABLES
    )
    return locked + POLICIES


def _backward() -> str:
    names = [line.split()[2:5:2] for line in POLICIES.splitlines() if line.startswith("CREATE POLICY")]
    unlocked = "".join(
        f"ALTER TABLE exchange_{table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE exchange_{table} DISABLE ROW LEVEL SECURITY;\n"
        for table in TABLES
    )
    dropped = "".join(f"DROP POLICY {policy} ON {table};\n" for policy, table in names)
    return dropped + unlocked + "DROP FUNCTION yipan_exchange();"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_tables"), ("duties", "0002_row_level_security")]
    operations = [migrations.RunSQL(_forward(), _backward())]
