import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0016_cases")]

    operations = [
        migrations.CreateModel(
            name="DebitCreditor",
            fields=[
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="debit_creditor",
                        serialize=False,
                        to="store.entity",
                    ),
                ),
                ("creditor_id", models.CharField(max_length=35)),
                ("bic", models.CharField(blank=True, max_length=11)),
                ("notice_days", models.PositiveSmallIntegerField(default=14)),
                ("bank_days", models.PositiveSmallIntegerField(default=1)),
                (
                    "bank_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.bankaccount"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebitMandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=35)),
                ("scheme", models.CharField(default="CORE", max_length=4)),
                ("use", models.CharField(default="recurrent", max_length=10)),
                ("payer_name", models.CharField(max_length=200)),
                ("payer_iban", models.CharField(max_length=34)),
                ("payer_bic", models.CharField(blank=True, max_length=11)),
                ("signed_on", models.DateField()),
                ("document_id", models.BigIntegerField(null=True)),
                ("is_ending", models.BooleanField(default=False, help_text="its next collection is the last one")),
                ("blocked_at", models.DateTimeField(null=True)),
                ("blocked_reason", models.CharField(blank=True, max_length=4)),
                ("revoked_on", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debit_mandates",
                        to="store.customeraccount",
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.entity"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebitPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.PositiveIntegerField()),
                ("end_to_end_id", models.CharField(max_length=35)),
                ("batch", models.CharField(blank=True, max_length=35)),
                ("sequence", models.CharField(max_length=4)),
                ("amount_minor", models.BigIntegerField()),
                ("state", models.CharField(default="planned", max_length=10)),
                ("returned_on", models.DateField(null=True)),
                ("return_reason", models.CharField(blank=True, max_length=120)),
                ("charges_minor", models.BigIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.customeraccount"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debit_payments",
                        to="store.linedecision",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="store.debitmandate"
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debit_payments",
                        to="store.receipt",
                    ),
                ),
                (
                    "return_line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.bankline"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebitPaymentItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="store.openitem"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="store.debitpayment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebitRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("bundle", models.CharField(max_length=8)),
                ("due_by", models.DateField(help_text="items due by this day")),
                ("due_on", models.DateField(help_text="the day of the collection")),
                ("notice_on", models.DateField(help_text="the last day on which customers are told")),
                ("file_on", models.DateField(help_text="the last day on which the file is handed to the bank")),
                ("creditor_id", models.CharField(max_length=35)),
                ("creditor_name", models.CharField(max_length=200)),
                ("creditor_iban", models.CharField(max_length=34)),
                ("creditor_bic", models.CharField(blank=True, max_length=11)),
                ("proposed_at", models.DateTimeField()),
                ("notified_on", models.DateField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("sent_on", models.DateField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "bank_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.bankaccount"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.entity"),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="debitpayment",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="store.debitrun"
            ),
        ),
        migrations.CreateModel(
            name="DebitEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="store.debitpayment",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="store.debitrun"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="debitmandate",
            index=models.Index(fields=["account"], name="debit_mandate_account"),
        ),
        migrations.AddConstraint(
            model_name="debitmandate",
            constraint=models.UniqueConstraint(fields=("entity", "reference"), name="debit_mandate_once"),
        ),
        migrations.AddConstraint(
            model_name="debitpaymentitem",
            constraint=models.UniqueConstraint(fields=("payment", "item"), name="debit_item_once"),
        ),
        migrations.AddConstraint(
            model_name="debitpaymentitem",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="debit_item_positive"),
        ),
        migrations.AddConstraint(
            model_name="debitrun",
            constraint=models.UniqueConstraint(fields=("entity", "number"), name="debit_run_once"),
        ),
        migrations.AddConstraint(
            model_name="debitrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "approved", "sent", "cancelled"])),
                name="debit_run_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="debitpayment",
            index=models.Index(fields=["end_to_end_id"], name="debit_payment_end_to_end"),
        ),
        migrations.AddConstraint(
            model_name="debitpayment",
            constraint=models.UniqueConstraint(fields=("run", "ordinal"), name="debit_payment_once"),
        ),
        migrations.AddConstraint(
            model_name="debitpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="debit_payment_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="debitpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "sent", "collected", "rejected", "returned", "withdrawn"])
                ),
                name="debit_payment_state_known",
            ),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
