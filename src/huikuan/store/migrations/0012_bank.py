import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0011_reading")]

    operations = [
        migrations.CreateModel(
            name='BankLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField()),
                ('row', models.PositiveIntegerField()),
                ('element', models.CharField(blank=True, max_length=80)),
                ('kind', models.CharField(max_length=10)),
                ('booking_date', models.DateField()),
                ('value_date', models.DateField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('bank_reference', models.CharField(blank=True, max_length=120)),
                ('end_to_end_id', models.CharField(blank=True, max_length=120)),
                ('mandate_id', models.CharField(blank=True, max_length=120)),
                ('structured_reference', models.CharField(blank=True, max_length=120)),
                ('transaction_code', models.CharField(blank=True, max_length=40)),
                ('is_return', models.BooleanField(default=False)),
                ('return_reason', models.CharField(blank=True, max_length=120)),
                ('batch_id', models.CharField(blank=True, max_length=120)),
                ('charges_minor', models.BigIntegerField(null=True)),
                ('fee_minor', models.BigIntegerField(null=True)),
                ('balance_minor', models.BigIntegerField(null=True)),
                ('fingerprint', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='BankAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(default='bank', max_length=10)),
                ('name', models.CharField(max_length=120)),
                ('number', models.CharField(blank=True, max_length=64)),
                ('bank', models.CharField(blank=True, max_length=120)),
                ('currency', models.CharField(max_length=3)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bank_accounts', to='store.entity')),
            ],
        ),
        migrations.CreateModel(
            name='BankAccountAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=64)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='store.bankaccount')),
            ],
        ),
        migrations.CreateModel(
            name='BankLineReceipt',
            fields=[
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='tie', serialize=False, to='store.bankline')),
                ('tie', models.CharField(max_length=8)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='BankLineText',
            fields=[
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='text', serialize=False, to='store.bankline')),
                ('payer_name', models.CharField(blank=True, max_length=300)),
                ('payer_account', models.CharField(blank=True, max_length=64)),
                ('payer_bank', models.CharField(blank=True, max_length=120)),
                ('ultimate_party', models.CharField(blank=True, max_length=300)),
                ('remittance_text', models.TextField(blank=True)),
                ('erased_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='bankline',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.bankaccount'),
        ),
        migrations.AddField(
            model_name='bankline',
            name='entity',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity'),
        ),
        migrations.CreateModel(
            name='BankStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(max_length=20)),
                ('file_name', models.CharField(max_length=200)),
                ('file_sha256', models.CharField(db_index=True, max_length=64)),
                ('file_bytes', models.BigIntegerField()),
                ('place', models.PositiveIntegerField(default=0)),
                ('number', models.CharField(blank=True, max_length=120)),
                ('currency', models.CharField(max_length=3)),
                ('from_date', models.DateField(null=True)),
                ('to_date', models.DateField(null=True)),
                ('opening_minor', models.BigIntegerField(null=True)),
                ('closing_minor', models.BigIntegerField(null=True)),
                ('lines_total', models.PositiveIntegerField()),
                ('lines_new', models.PositiveIntegerField()),
                ('in_minor', models.BigIntegerField()),
                ('out_minor', models.BigIntegerField()),
                ('override_reason', models.CharField(blank=True, max_length=300)),
                ('imported_at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='store.bankaccount')),
                ('entity', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity')),
                ('imported_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='bankline',
            name='statement',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='store.bankstatement'),
        ),
        migrations.CreateModel(
            name='BankUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('files', models.JSONField()),
                ('said', models.JSONField(default=dict)),
                ('outcomes', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('working', 'Working'), ('done', 'Done')], default='waiting', max_length=8)),
                ('task_id', models.UUIDField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity')),
            ],
        ),
        migrations.CreateModel(
            name='RemittanceAdvice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200)),
                ('file_sha256', models.CharField(max_length=64)),
                ('file_bytes', models.BigIntegerField()),
                ('place', models.PositiveIntegerField(default=0)),
                ('payer_name', models.CharField(blank=True, max_length=300)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('dated', models.DateField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('total_minor', models.BigIntegerField(null=True)),
                ('received_at', models.DateTimeField()),
                ('linked_at', models.DateTimeField(null=True)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.entity')),
                ('line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='advices', to='store.bankline')),
                ('linked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('received_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RemittanceAdviceRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField()),
                ('document_number', models.CharField(max_length=120)),
                ('amount_minor', models.BigIntegerField(null=True)),
                ('deduction_minor', models.BigIntegerField(null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('advice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='store.remittanceadvice')),
            ],
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('entity', 'number', 'currency'), name='bank_account_once'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['bank', 'alipay', 'wechat', 'platform', 'cash'])), name='bank_account_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='bankaccountalias',
            constraint=models.UniqueConstraint(fields=('account', 'number'), name='bank_account_alias_once'),
        ),
        migrations.AddField(
            model_name='banklinereceipt',
            name='actor',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='banklinereceipt',
            name='receipt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bank_lines', to='store.receipt'),
        ),
        migrations.AddIndex(
            model_name='bankstatement',
            index=models.Index(fields=['account', 'to_date', 'id'], name='bank_statement_by_account'),
        ),
        migrations.AddIndex(
            model_name='bankline',
            index=models.Index(fields=['statement', 'ordinal'], name='bank_line_by_statement'),
        ),
        migrations.AddIndex(
            model_name='bankline',
            index=models.Index(fields=['entity', 'value_date', 'id'], name='bank_line_by_day'),
        ),
        migrations.AddIndex(
            model_name='bankline',
            index=models.Index(fields=['account', 'booking_date', 'id'], name='bank_line_by_booking'),
        ),
        migrations.AddIndex(
            model_name='bankline',
            index=models.Index(condition=models.Q(('end_to_end_id', ''), _negated=True), fields=['account', 'end_to_end_id'], name='bank_line_end_to_end'),
        ),
        migrations.AddConstraint(
            model_name='bankline',
            constraint=models.UniqueConstraint(fields=('account', 'fingerprint'), name='bank_line_identity'),
        ),
        migrations.AddConstraint(
            model_name='bankline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['receipt', 'return', 'fee', 'interest', 'payment', 'nothing'])), name='bank_line_kind_known'),
        ),
        migrations.AddIndex(
            model_name='remittanceadvice',
            index=models.Index(condition=models.Q(('line__isnull', True)), fields=['entity', 'total_minor'], name='remittance_advice_open'),
        ),
        migrations.AddConstraint(
            model_name='remittanceadvice',
            constraint=models.UniqueConstraint(fields=('entity', 'file_sha256', 'place'), name='remittance_advice_once'),
        ),
        migrations.AddConstraint(
            model_name='banklinereceipt',
            constraint=models.UniqueConstraint(condition=models.Q(('tie', 'bounced'), _negated=True), fields=('receipt',), name='bank_line_receipt_once'),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
