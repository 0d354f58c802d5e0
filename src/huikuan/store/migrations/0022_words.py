"""Two more ledger accounts: what money costs before it is due (``finance_cost``) and things taken for debts
(``assets_received``). Postings made before stay as they are.
And a counter for money typed in by hand."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from huikuan.store.triggers import drop_triggers_about, install_in_migration

TABLE, CHECK = "store_posting", "posting_account_known"
ACCOUNTS = (
    "trade notes advances unapplied suspense bank sales other_income discount interest_income finance_cost cost_recovery"
    " bad_debt recovery payables assigned assets_received opening clearing source_settlement exchange_clearing"
    " exchange_difference exchange_unrealised revaluation rounding"
).split()

SO_FAR = {"finance_cost": "interest_income", "assets_received": "payables"}
"""Where the general ledger has been told to keep these until now."""


def widen(apps: Any, schema_editor: Any) -> None:
    """SQLite cannot change a check: the table is written anew, once, where two operations of Django would write it
    twice. Renaming it needs triggers that speak of it to be gone."""
    posting = apps.get_model("store", "posting")
    if schema_editor.connection.vendor == "sqlite":
        drop_triggers_about(schema_editor.connection, TABLE)
        schema_editor._remake_table(posting)
        return
    check = next(one for one in posting._meta.constraints if one.name == CHECK)
    schema_editor.execute(f'ALTER TABLE "{TABLE}" DROP CONSTRAINT "{CHECK}"')
    schema_editor.execute(check.create_sql(posting, schema_editor))


def map_as_before(apps: Any, schema_editor: Any) -> None:
    """Exports of a house that has said where its accounts go keep going there until it says otherwise."""
    account = apps.get_model("store", "glaccount")
    for word, before in SO_FAR.items():
        rules = account.objects.filter(ledger_account=before).values("entity", "currency", "code", "name", "dimensions")
        for rule in rules:
            account.objects.create(
                ledger_account=word,
                entity_id=rule["entity"],
                **{name: rule[name] for name in ("currency", "code", "name", "dimensions")},
            )


class Migration(migrations.Migration):
    dependencies = [("store", "0021_counters")]

    operations = [
        migrations.RunPython(map_as_before, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="posting", name=CHECK),
                migrations.AddConstraint(
                    model_name="posting",
                    constraint=models.CheckConstraint(condition=models.Q(("ledger_account__in", ACCOUNTS)), name=CHECK),
                ),
            ]
        ),
        migrations.RunPython(widen, migrations.RunPython.noop),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
        migrations.CreateModel(
            name="ReceiptCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField()),
                ("entity", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.entity")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("entity", "year"), name="receipt_counter_once")],
            },
        ),
    ]
