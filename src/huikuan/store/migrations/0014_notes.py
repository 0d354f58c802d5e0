import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0013_matching")]

    operations = [
        migrations.CreateModel(
            name="CashSlip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("payer", models.CharField(max_length=200)),
                ("purpose", models.CharField(max_length=200)),
                ("reason", models.CharField(help_text="why it was cash and no transfer", max_length=300)),
                ("received_on", models.DateField()),
                ("due_on", models.DateField(help_text="the day on which the money must be handed in")),
                ("escort", models.CharField(blank=True, max_length=200)),
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
                (
                    "collected_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("entity", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.entity")),
                (
                    "item",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.openitem"
                    ),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cash_slip", to="store.receipt"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChannelPolicy",
            fields=[
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="channel_policy",
                        serialize=False,
                        to="store.entity",
                    ),
                ),
                ("notes_settle", models.CharField(default="at_once", max_length=12)),
                ("cheques_settle", models.CharField(default="at_maturity", max_length=12)),
                ("escort_from_minor", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReceiptChannel",
            fields=[
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="channel_row",
                        serialize=False,
                        to="store.receipt",
                    ),
                ),
                ("channel", models.CharField(max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("number", models.CharField(max_length=60)),
                ("range_first", models.BigIntegerField(null=True)),
                ("range_last", models.BigIntegerField(null=True)),
                ("drawer", models.CharField(blank=True, max_length=200)),
                ("acceptor", models.CharField(max_length=200)),
                ("acceptor_class", models.CharField(max_length=16)),
                ("guarantor", models.CharField(blank=True, max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("issue_date", models.DateField()),
                ("maturity_date", models.DateField()),
                ("settles", models.CharField(max_length=12)),
                ("recorded_at", models.DateTimeField()),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.customeraccount")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("entity", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.entity")),
                (
                    "item",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="note", to="store.openitem"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="store.note"
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="store.receipt"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoteCover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="covers", to="store.openitem"
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="covers", to="store.note"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoteEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("step", models.CharField(max_length=12)),
                ("on", models.DateField()),
                ("counts_from", models.DateField()),
                (
                    "party",
                    models.CharField(blank=True, help_text="the bank, or to whom it was endorsed", max_length=200),
                ),
                ("with_recourse", models.BooleanField(default=False)),
                ("rate_percent", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("days", models.PositiveSmallIntegerField(null=True)),
                ("interest_minor", models.BigIntegerField(default=0)),
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
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="store.note"
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.receipt"
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="store.noteevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaymentMandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payer_name", models.CharField(max_length=200)),
                ("payer_account", models.CharField(blank=True, max_length=64)),
                ("is_private", models.BooleanField(default=False, help_text="the payer's account is a person's")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("document_id", models.BigIntegerField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="store.customeraccount"
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
            ],
        ),
        migrations.CreateModel(
            name="CashHandIn",
            fields=[
                (
                    "slip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="hand_in",
                        serialize=False,
                        to="store.cashslip",
                    ),
                ),
                ("on", models.DateField()),
                ("place", models.CharField(max_length=200)),
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
            model_name="cashslip",
            constraint=models.UniqueConstraint(fields=("entity", "year", "number"), name="cash_slip_once"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["entity", "maturity_date"], name="note_maturity"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["number"], name="note_number"),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="note_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="notecover",
            constraint=models.UniqueConstraint(fields=("note", "item"), name="note_cover_once"),
        ),
        migrations.AddConstraint(
            model_name="notecover",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="note_cover_positive"),
        ),
        migrations.AddIndex(
            model_name="noteevent",
            index=models.Index(condition=models.Q(("entry__isnull", False)), fields=["entry"], name="note_event_entry"),
        ),
        migrations.AddConstraint(
            model_name="noteevent",
            constraint=models.UniqueConstraint(fields=("note", "ordinal"), name="note_event_once"),
        ),
        migrations.AddIndex(
            model_name="paymentmandate",
            index=models.Index(fields=["account"], name="mandate_account"),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
