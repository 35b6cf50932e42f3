from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_people_row_level_security"), ("duties", "0007_person")]
    operations = []
