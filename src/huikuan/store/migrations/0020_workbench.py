from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0019_settlements")]

    operations = [
        migrations.AddField(
            model_name="matchingpolicy",
            name="needs_paper",
            field=models.BooleanField(default=False),
        ),
    ]
