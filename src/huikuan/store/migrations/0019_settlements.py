import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0018_payouts")]

    operations = [
        migrations.CreateModel(
            name="SettlementAgreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.entity")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="store.customeraccount",
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("number", models.CharField(max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("debt_minor", models.BigIntegerField()),
                ("thing", models.CharField(blank=True, max_length=300)),
                ("thing_kind", models.CharField(blank=True, max_length=12)),
                ("place", models.CharField(blank=True, max_length=200)),
                ("memo", models.CharField(blank=True, max_length=300)),
                ("state", models.CharField(max_length=10)),
                ("proposed_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="settlementagreement",
            index=models.Index(fields=["account"], name="agreement_account"),
        ),
        migrations.AddConstraint(
            model_name="settlementagreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "signed", "posted", "done", "undone", "withdrawn"])),
                name="agreement_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementagreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="agreement_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementagreement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["undone", "withdrawn"]), _negated=True),
                fields=("entity", "number"),
                name="agreement_number_once",
            ),
        ),
        migrations.CreateModel(
            name="AgreementParty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parties",
                        to="store.settlementagreement",
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=200)),
                (
                    "entity",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.entity"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.customer"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="agreementparty",
            constraint=models.UniqueConstraint(fields=("agreement", "ordinal"), name="agreement_party_once"),
        ),
        migrations.CreateModel(
            name="AgreementClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="store.settlementagreement",
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                (
                    "owed_by",
                    models.ForeignKey(
                        db_column="debtor_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.agreementparty",
                    ),
                ),
                (
                    "owed_to",
                    models.ForeignKey(
                        db_column="creditor_id",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.agreementparty",
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="agreementclaim",
            constraint=models.UniqueConstraint(fields=("agreement", "ordinal"), name="agreement_claim_once"),
        ),
        migrations.AddConstraint(
            model_name="agreementclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="agreement_claim_positive"
            ),
        ),
        migrations.CreateModel(
            name="AgreementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="store.settlementagreement",
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="store.agreementclaim",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agreement_lines", to="store.openitem"
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("debt_minor", models.BigIntegerField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="agreementline",
            constraint=models.UniqueConstraint(fields=("agreement", "item"), name="agreement_line_once"),
        ),
        migrations.CreateModel(
            name="AgreementEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="store.settlementagreement",
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("step", models.CharField(max_length=10)),
                (
                    "party",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="store.agreementparty",
                    ),
                ),
                ("on", models.DateField()),
                (
                    "document",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.document"
                    ),
                ),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("tax_minor", models.BigIntegerField(null=True)),
                ("text", models.CharField(blank=True, max_length=200)),
                ("memo", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="agreementevent",
            constraint=models.UniqueConstraint(fields=("agreement", "ordinal"), name="agreement_event_once"),
        ),
        migrations.CreateModel(
            name="AgreementEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="store.agreementevent"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_entry",
                        to="store.journalentry",
                    ),
                ),
            ],
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
