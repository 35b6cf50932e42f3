from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing of the register itself ends by itself: it is drawn from the journal, and is drawn anew when something does."""

    dependencies = [("registry", "0005_person"), ("duties", "0008_ends")]
    operations = []
