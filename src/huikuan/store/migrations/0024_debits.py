"""Credits make collections smaller; a mandate keeps what it was before it was amended, a payment what its mandate was
when its file was made; the bank is asked not to collect what it has already."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from huikuan.store.triggers import install_in_migration

NAMES = {name: name for name in ("payer_name", "payer_iban", "payer_bic")} | {"mandate_reference": "reference"}


def keep_mandates(apps: Any, schema_editor: Any) -> None:
    """Mandates could not be amended so far: payments keep what theirs is."""
    mandates = apps.get_model("store", "debitmandate").objects.filter(pk=OuterRef("mandate_id"))
    payments = apps.get_model("store", "debitpayment").objects
    payments.update(**{name: Subquery(mandates.values(of)[:1]) for name, of in NAMES.items()})


def _by() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


def _of(model: str, name: str, *, null: bool = False) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        null=null, on_delete=django.db.models.deletion.PROTECT, related_name=name, to=f"store.{model}"
    )


class Migration(migrations.Migration):
    dependencies = [("store", "0023_speed")]

    operations = [
        migrations.CreateModel(
            name="DebitMandateVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=35)),
                ("payer_name", models.CharField(max_length=200)),
                ("payer_iban", models.CharField(max_length=34)),
                ("payer_bic", models.CharField(blank=True, max_length=11)),
                ("document_id", models.BigIntegerField(null=True)),
                ("amended_at", models.DateTimeField()),
                ("actor", _by()),
                ("mandate", _of("debitmandate", "versions")),
            ],
        ),
        migrations.CreateModel(
            name="DebitRecall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=35)),
                ("reason", models.CharField(max_length=4)),
                ("asked_at", models.DateTimeField()),
                ("actor", _by()),
                ("run", _of("debitrun", "recalls")),
            ],
        ),
        migrations.AddConstraint(
            model_name="debitrecall",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="debit_recall_once"),
        ),
        migrations.AddField(
            "debitpayment", "mandate_reference", models.CharField(blank=True, default="", max_length=35)
        ),
        migrations.AddField("debitpayment", "payer_name", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("debitpayment", "payer_iban", models.CharField(blank=True, default="", max_length=34)),
        migrations.AddField("debitpayment", "payer_bic", models.CharField(blank=True, default="", max_length=11)),
        migrations.AddField(
            "debitpayment", "original_reference", models.CharField(blank=True, default="", max_length=35)
        ),
        migrations.AddField(
            "debitpayment", "original_creditor_id", models.CharField(blank=True, default="", max_length=35)
        ),
        migrations.AddField("debitpayment", "is_new_account", models.BooleanField(default=False)),
        migrations.AddField("debitpayment", "recall_answer", models.CharField(blank=True, default="", max_length=120)),
        migrations.AddField("debitpayment", "recall", _of("debitrecall", "payments", null=True)),
        migrations.RemoveConstraint("debitpaymentitem", "debit_item_positive"),
        migrations.AddConstraint(
            "debitpaymentitem",
            models.CheckConstraint(condition=models.Q(("amount_minor", 0), _negated=True), name="debit_item_some"),
        ),
        migrations.RunPython(keep_mandates, migrations.RunPython.noop),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
