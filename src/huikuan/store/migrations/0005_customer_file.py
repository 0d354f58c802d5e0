from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0004_sign_in_and_approvals")]
    operations: list[object] = []
