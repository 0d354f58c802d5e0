from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0009_api_and_outbox")]
    operations: list[object] = []
