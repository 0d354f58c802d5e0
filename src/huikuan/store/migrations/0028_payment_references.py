"""What kind of structured payment references an entity gives its documents."""

from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0027_note_fees")]

    operations = [
        migrations.AddField(
            "channelpolicy", "reference_scheme", models.CharField(max_length=4, blank=True, db_default="", default="")
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
