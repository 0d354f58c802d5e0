import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0005_customer_file")]
    operations = [
        migrations.AddField(
            model_name='entity',
            name='tax_id',
            field=models.CharField(blank=True, db_default='', help_text='VAT or taxpayer number', max_length=60),
        ),
        migrations.CreateModel(
            name='EInvoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_format', models.CharField(max_length=10)),
                ('profile', models.CharField(blank=True, max_length=60)),
                ('number', models.CharField(max_length=120)),
                ('issue_date', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('net_minor', models.BigIntegerField()),
                ('tax_minor', models.BigIntegerField()),
                ('gross_minor', models.BigIntegerField()),
                ('prepaid_minor', models.BigIntegerField()),
                ('payable_minor', models.BigIntegerField()),
                ('seller_tax_id', models.CharField(blank=True, max_length=60)),
                ('buyer_tax_id', models.CharField(blank=True, max_length=60)),
                ('preceding_number', models.CharField(blank=True, max_length=120)),
                ('file_sha256', models.CharField(max_length=64)),
                ('imported_at', models.DateTimeField()),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity')),
                ('imported_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='einvoice', to='store.openitem')),
            ],
        ),
        migrations.CreateModel(
            name='EInvoiceTax',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(blank=True, max_length=4)),
                ('rate_bp', models.PositiveIntegerField(null=True)),
                ('net_minor', models.BigIntegerField()),
                ('tax_minor', models.BigIntegerField()),
                ('einvoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taxes', to='store.einvoice')),
            ],
        ),
        migrations.CreateModel(
            name='EInvoiceUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('files', models.JSONField()),
                ('posted_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity')),
            ],
        ),
        migrations.AddIndex(
            model_name='einvoice',
            index=models.Index(fields=['entity', 'number'], name='einvoice_number'),
        ),
        migrations.AddIndex(
            model_name='einvoice',
            index=models.Index(condition=models.Q(('preceding_number', ''), _negated=True), fields=['entity', 'preceding_number'], name='einvoice_preceding'),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
