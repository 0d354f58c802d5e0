from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0007_general_ledger")]
    operations: list[object] = []
