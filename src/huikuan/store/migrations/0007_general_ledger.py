import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0006_einvoices")]
    operations = [
        migrations.CreateModel(
            name='ClosingMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('point', models.CharField(max_length=40)),
                ('is_done', models.BooleanField()),
                ('note', models.CharField(blank=True, max_length=300)),
                ('marked_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GlAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ledger_account', models.CharField(max_length=24)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('code', models.CharField(max_length=60)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('dimensions', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='GlExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('format', models.CharField(max_length=12)),
                ('number', models.PositiveIntegerField()),
                ('from_seq', models.BigIntegerField()),
                ('to_seq', models.BigIntegerField()),
                ('entries', models.PositiveIntegerField()),
                ('first_voucher', models.PositiveIntegerField()),
                ('vouchers', models.PositiveIntegerField()),
                ('debit_base_minor', models.BigIntegerField()),
                ('totals', models.JSONField()),
                ('recipe', models.JSONField()),
                ('file_name', models.CharField(max_length=120)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.BigIntegerField()),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GlSettings',
            fields=[
                ('entity', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='gl_settings', serialize=False, to='store.entity')),
                ('format', models.CharField(max_length=12)),
                ('grouping', models.CharField(max_length=8)),
                ('language', models.CharField(max_length=2)),
                ('reference', models.CharField(max_length=10)),
                ('options', models.JSONField(default=dict)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GoLive',
            fields=[
                ('entity', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='go_live', serialize=False, to='store.entity')),
                ('cut_over', models.DateField()),
                ('started_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GoLiveProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cut_over', models.DateField()),
                ('balances', models.JSONField()),
                ('items', models.PositiveIntegerField()),
                ('receipts', models.PositiveIntegerField()),
                ('head_seq', models.BigIntegerField()),
                ('head_hash', models.CharField(max_length=64)),
                ('live_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='OpeningBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ledger_account', models.CharField(max_length=24)),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('typed_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='closingmark',
            name='entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='closing_marks', to='store.entity'),
        ),
        migrations.AddField(
            model_name='closingmark',
            name='marked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='glaccount',
            name='entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gl_accounts', to='store.entity'),
        ),
        migrations.AddField(
            model_name='glexport',
            name='entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gl_exports', to='store.entity'),
        ),
        migrations.AddField(
            model_name='glexport',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='glsettings',
            name='changed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='glsettings',
            name='customer_source',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.source'),
        ),
        migrations.AddField(
            model_name='golive',
            name='started_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='goliveproof',
            name='entity',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='go_live_proof', to='store.entity'),
        ),
        migrations.AddField(
            model_name='goliveproof',
            name='live_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='openingbalance',
            name='entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opening_balances', to='store.entity'),
        ),
        migrations.AddField(
            model_name='openingbalance',
            name='typed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='closingmark',
            index=models.Index(fields=['entity', 'month'], name='closing_mark_month'),
        ),
        migrations.AddConstraint(
            model_name='glaccount',
            constraint=models.UniqueConstraint(fields=('entity', 'ledger_account', 'currency'), name='gl_account_once'),
        ),
        migrations.AddConstraint(
            model_name='glexport',
            constraint=models.UniqueConstraint(fields=('entity', 'month', 'format', 'number'), name='gl_export_once'),
        ),
        migrations.AddConstraint(
            model_name='glexport',
            constraint=models.CheckConstraint(condition=models.Q(('to_seq__gt', models.F('from_seq'))), name='gl_export_range'),
        ),
        migrations.AddConstraint(
            model_name='openingbalance',
            constraint=models.UniqueConstraint(fields=('entity', 'ledger_account', 'currency'), name='opening_balance_once'),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
