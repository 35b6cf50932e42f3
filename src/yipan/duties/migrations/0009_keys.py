from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("duties", "0008_ends")]
    operations = []
