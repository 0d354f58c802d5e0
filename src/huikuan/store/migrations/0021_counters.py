import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0020_workbench")]

    operations = [
        migrations.CreateModel(
            name="ApiKeyUse",
            fields=[
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="use",
                        serialize=False,
                        to="store.apikey",
                    ),
                ),
                ("minute", models.BigIntegerField()),
                ("taken", models.IntegerField()),
            ],
        ),
    ]
