import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0014_notes")]

    operations = [
        migrations.CreateModel(
            name="PaymentHabit",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="habit",
                        serialize=False,
                        to="store.customer",
                    ),
                ),
                ("budget_needed", models.BooleanField(null=True)),
                ("invoice_needs", models.CharField(blank=True, max_length=500)),
                ("closing_day", models.PositiveSmallIntegerField(null=True)),
                ("run_days", models.CharField(blank=True, max_length=40)),
                ("run_weekdays", models.CharField(blank=True, max_length=20)),
                ("moves_before", models.BooleanField(default=False)),
                ("transfer_days", models.PositiveSmallIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PaymentHabitStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("working_days", models.PositiveSmallIntegerField()),
                (
                    "contact",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.contact"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payment_steps", to="store.customer"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("customer", "number"), name="payment_step_once")],
            },
        ),
    ]
