import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0017_debits")]

    operations = [
        migrations.CreateModel(
            name="Shop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=12)),
                ("currency", models.CharField(max_length=3)),
                ("settle_days", models.PositiveSmallIntegerField()),
                ("in_working_days", models.BooleanField(default=False)),
                ("posting", models.CharField(max_length=8)),
                ("returns_fee", models.BooleanField(default=True)),
                ("payer_names", models.TextField(blank=True)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shops", to="store.customeraccount"
                    ),
                ),
                (
                    "bank_account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.bankaccount"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shops", to="store.entity"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("how", models.CharField(max_length=8)),
                ("others", models.PositiveIntegerField(default=0)),
                ("payout_key", models.CharField(blank=True, max_length=120)),
                ("paid_minor", models.BigIntegerField()),
                ("booked_minor", models.BigIntegerField()),
                ("short_minor", models.BigIntegerField()),
                ("rest_minor", models.BigIntegerField()),
                ("charges_minor", models.BigIntegerField()),
                ("unknown_minor", models.BigIntegerField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payout", to="store.linedecision"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.entity",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="store.bankline"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="store.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShopDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("due", models.DateField()),
                ("pool", models.CharField(blank=True, max_length=60)),
                ("orders", models.PositiveIntegerField()),
                ("sales_minor", models.BigIntegerField()),
                ("refunds_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField()),
                ("over_minor", models.BigIntegerField()),
                ("counted_minor", models.BigIntegerField(null=True)),
                ("responsible", models.CharField(blank=True, max_length=120)),
                (
                    "item",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.openitem"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="store.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayoutPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gross_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField()),
                ("booked_minor", models.BigIntegerField()),
                ("money_minor", models.BigIntegerField()),
                ("left_minor", models.BigIntegerField()),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="store.payout"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="store.shopday"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShopExplanation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("key", models.CharField(max_length=140)),
                ("amount_minor", models.BigIntegerField()),
                ("reason", models.CharField(max_length=16)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.entity",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="explanations",
                        to="store.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShopFee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pay_method", models.CharField(blank=True, max_length=60)),
                ("rate_bp", models.PositiveIntegerField()),
                ("fixed_minor", models.BigIntegerField(default=0)),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="fees", to="store.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShopFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_details", models.BooleanField()),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("rows_total", models.PositiveIntegerField()),
                ("rows_new", models.PositiveIntegerField()),
                ("imported_at", models.DateTimeField()),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.entity",
                    ),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="store.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShopDetail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField()),
                ("day", models.DateField(null=True)),
                ("paid_out_on", models.DateField(null=True)),
                ("payout_key", models.CharField(max_length=120)),
                ("order_number", models.CharField(blank=True, max_length=120)),
                ("gross_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField(null=True)),
                ("charge_minor", models.BigIntegerField()),
                ("fingerprint", models.CharField(max_length=32)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="details",
                        to="store.shop",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="details", to="store.shopfile"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="shopday",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="days", to="store.shopfile"
            ),
        ),
        migrations.CreateModel(
            name="ShopSale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("order_number", models.CharField(blank=True, max_length=120)),
                ("pay_method", models.CharField(blank=True, max_length=60)),
                ("gross_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField(null=True)),
                ("agreed_minor", models.BigIntegerField(null=True)),
                ("counted_minor", models.BigIntegerField(null=True)),
                ("responsible", models.CharField(blank=True, max_length=120)),
                ("fingerprint", models.CharField(max_length=32)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales",
                        to="store.shop",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sales", to="store.shopday"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.UniqueConstraint(fields=("entity", "name"), name="shop_once"),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["marketplace", "delivery", "wallet", "card", "till"])),
                name="shop_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(("posting__in", ["summary", "booked"])), name="shop_posting_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("how__in", ["details", "on_time", "run", "chosen"])), name="payout_how_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutpart",
            constraint=models.UniqueConstraint(fields=("payout", "unit"), name="payout_part_once"),
        ),
        migrations.AddIndex(
            model_name="shopexplanation",
            index=models.Index(fields=["shop", "kind", "key"], name="shop_explanation_by_key"),
        ),
        migrations.AddConstraint(
            model_name="shopexplanation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "not_paid",
                            "fee_above",
                            "paid_less",
                            "paid_more",
                            "charge",
                            "unknown_order",
                            "unknown_refund",
                            "cash_short",
                            "cash_over",
                            "no_item",
                            "unknown_payout",
                        ],
                    )
                ),
                name="shop_explanation_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shopexplanation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reason__in", ["claimed", "fee_accepted", "timing", "borne", "our_error", "other"])
                ),
                name="shop_explanation_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shopfee",
            constraint=models.UniqueConstraint(fields=("shop", "pay_method"), name="shop_fee_once"),
        ),
        migrations.AddIndex(
            model_name="shopdetail",
            index=models.Index(fields=["shop", "payout_key"], name="shop_detail_by_payout"),
        ),
        migrations.AddConstraint(
            model_name="shopdetail",
            constraint=models.UniqueConstraint(fields=("shop", "fingerprint"), name="shop_detail_identity"),
        ),
        migrations.AddConstraint(
            model_name="shopday",
            constraint=models.UniqueConstraint(fields=("shop", "day", "pool", "file"), name="shop_day_once"),
        ),
        migrations.AddIndex(
            model_name="shopsale",
            index=models.Index(fields=["shop", "order_number"], name="shop_sale_by_order"),
        ),
        migrations.AddConstraint(
            model_name="shopsale",
            constraint=models.UniqueConstraint(fields=("shop", "fingerprint"), name="shop_sale_identity"),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
