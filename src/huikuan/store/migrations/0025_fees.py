import django.db.models.deletion
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0024_debits")]

    operations = [
        migrations.CreateModel(
            name="BankLineFee",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="fee",
                        serialize=False,
                        to="store.bankline",
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.journalentry"
                    ),
                ),
            ],
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
