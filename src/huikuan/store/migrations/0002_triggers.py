from django.db import migrations

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0001_ledger")]
    operations = [migrations.RunPython(install_in_migration, migrations.RunPython.noop)]
