from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0008_operations")]
    operations: list[object] = []
