from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0020_workbench")]

    operations: list[migrations.operations.base.Operation] = []
