from __future__ import annotations

from django.db import migrations

# Tables without policies hold nobody who is served. What the program only reads there, the working role cannot write:
# no fault in a page makes a group, a permission or an address; and no account or officer is ever taken away.
FORWARD = """
DO $$
DECLARE worker text;
BEGIN
    FOR worker IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
         WHERE table_schema = current_schema() AND table_name = 'offices_officer' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON django_content_type, auth_permission, auth_group, auth_group_permissions,'
            ' auth_user_groups, auth_user_user_permissions, account_emailaddress, account_emailconfirmation FROM %I', worker);
        EXECUTE format('REVOKE DELETE ON auth_user, offices_officer FROM %I', worker);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("offices", "0010_first_passwords"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
