from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("store", "0010_views")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "entry"], name="posting_account", condition=Q(account__isnull=False)),
        ),
        migrations.AddIndex(
            model_name="receipt", index=models.Index(fields=["value_date", "amount_minor"], name="receipt_day_amount")
        ),
    ]
