"""Stories' words for the general ledger: a chart of accounts taken, a month exported, the vouchers and their sums."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from huikuan.core.gl_charts import chart
from huikuan.core.money import to_decimal
from huikuan.queries.general_ledger import GlChoices, gl_choices, reconcile
from huikuan.services import general_ledger
from huikuan.store.models import GlExport
from tests.services.ledger import Ledger

if TYPE_CHECKING:
    from tests.scenarios.runner import Table

NOTHING = "0.00"
"""How a story's empty cell reads."""
OPTIONS = {
    "datev": {"consultant": "1001", "mandate": "1", "account_length": "4", "fiscal_year_start": "1"},
    "sap": {"company_code": "1000"},
    "kingdee": {"account_book": "001"},
}
LANGUAGES = {"datev": "de", "yonyou": "zh", "kingdee": "zh"}


def take_chart(ledger: Ledger, name: str) -> None:
    general_ledger.map_accounts(ledger.entity_id, chart(name), **ledger.common)


def export(ledger: Ledger, day: date, format_code: str) -> None:
    """Exports the month of that day, with what the format asks for filled in."""
    choices = GlChoices(
        format_code, "entry", LANGUAGES.get(format_code, "en"), "document", "", OPTIONS.get(format_code, {})
    )
    if gl_choices(ledger.entity_id).format != format_code or not gl_choices(ledger.entity_id).is_saved:
        general_ledger.save_choices(ledger.entity_id, choices, **ledger.common)
    number, _ = general_ledger.export_month(ledger.entity_id, day, **ledger.common)
    name, data = general_ledger.export_bytes(number, actor_id=None)
    assert data, name


def voucher_lines(ledger: Ledger, table: Table) -> list[tuple[str, ...]]:
    """Every line of the last export: voucher, day, account there, debit and credit in the books' currency."""
    last = GlExport.objects.filter(entity_id=ledger.entity_id).latest("id")
    vouchers, _ = general_ledger._vouchers_of(last)
    found = []
    for voucher in vouchers:
        for line in voucher.lines:
            values = {
                "voucher": str(voucher.number),
                "day": voucher.day.isoformat(),
                "gl account": line.code,
                "debit": money(line.debit_base, ledger.currency) if line.is_debit else NOTHING,
                "credit": NOTHING if line.is_debit else money(line.credit_base, ledger.currency),
                "currency": line.currency,
                "amount": money(line.amount_minor, line.currency),
                "reference": voucher.reference,
                "text": voucher.text,
            }
            found.append(tuple(values[name] for name in table.headers))
    return found


def reconciled(ledger: Ledger, table: Table) -> list[tuple[str, ...]]:
    """The last month exported against all its exports, in the currency of each account."""
    last = GlExport.objects.filter(entity_id=ledger.entity_id).latest("id")
    result = reconcile(ledger.entity_id, last.month, last.format)
    found = []
    for row in result.rows:
        values = {
            "reconciled": row.ledger_account.replace("_", " "),
            "currency": row.currency,
            "posted": money(row.posted_minor, row.currency),
            "exported": money(row.exported_minor, row.currency),
            "difference": money(row.difference_minor, row.currency),
        }
        found.append(tuple(values[name] for name in table.headers))
    return found


def money(minor: int, currency: str) -> str:
    return f"{to_decimal(minor, currency):,}"
