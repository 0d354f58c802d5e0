import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0015_habits")]

    operations = [
        migrations.CreateModel(
            name="ShortPaymentPolicy",
            fields=[
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="store.entity",
                    ),
                ),
                ("share_bp", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ShortPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason_code", models.CharField(max_length=30)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("owner_role", models.CharField(max_length=20)),
                ("opened_on", models.DateField()),
                ("deadline", models.DateField()),
                ("state", models.CharField(max_length=12)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="short_payments",
                        to="store.customeraccount",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("entity", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.entity")),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.journalentry",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="short_payments", to="store.openitem"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="short_payments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.receipt"
                    ),
                ),
                (
                    "settling_entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.journalentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShortPaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("code", models.CharField(max_length=20)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("data", models.JSONField(default=dict)),
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
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="store.shortpayment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShortPaymentReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=30)),
                ("name", models.CharField(blank=True, max_length=60)),
                ("owner_role", models.CharField(max_length=20)),
                ("days", models.PositiveSmallIntegerField()),
                ("position", models.PositiveSmallIntegerField()),
                ("is_active", models.BooleanField(default=True)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="short_payment_reasons",
                        to="store.entity",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="shortpayment",
            index=models.Index(fields=["entity", "state", "deadline"], name="short_payment_due"),
        ),
        migrations.AddConstraint(
            model_name="shortpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "rejected", "paid", "withdrawn"])),
                name="short_payment_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shortpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="short_payment_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="shortpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "rejected"])), fields=("item",), name="short_payment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="shortpaymentreason",
            constraint=models.UniqueConstraint(fields=("entity", "code"), name="short_payment_reason_once"),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
