from __future__ import annotations

from django.db import migrations, models

# What became of a message is a word of its own: which entry writes it down is for the rule packs to say. No policy lets
# anybody move every office's messages: the owner of the table does it once, here.
FORWARD = """
ALTER TABLE documents_message NO FORCE ROW LEVEL SECURITY;
UPDATE documents_message SET state = substr(state, 9) WHERE state LIKE 'message.%';
ALTER TABLE documents_message FORCE ROW LEVEL SECURITY;
"""
BACKWARD = """
ALTER TABLE documents_message NO FORCE ROW LEVEL SECURITY;
UPDATE documents_message SET state = 'message.' || state WHERE state <> 'waiting';
ALTER TABLE documents_message FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0009_ends")]
    operations = [
        migrations.RemoveConstraint("message", "a_message_waits_or_has_ended"),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(("state__in", ("waiting", "accepted", "bounced", "stopped"))),
                name="a_message_waits_or_has_ended",
            ),
        ),
    ]
