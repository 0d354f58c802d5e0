"""How doubtful the explanation was that a decision took: a wrong one raises the bar in the order of the bar."""

from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0028_payment_references")]

    operations = [
        migrations.AddField("linedecision", "back", models.PositiveSmallIntegerField(null=True)),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
