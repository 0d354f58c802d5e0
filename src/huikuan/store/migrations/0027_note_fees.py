"""What a bank takes for discounting a note besides the interest."""

from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0026_workbench")]

    operations = [
        migrations.AddField("noteevent", "fee_minor", models.BigIntegerField(default=0)),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
