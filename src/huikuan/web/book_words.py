"""The words of closing months, the general ledger and going live."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Words = dict[str, str | Promise]

POINTS: Words = {
    "sealed": _("Every entry is sealed"),
    "control_accounts": _("Control accounts equal their open items and receipts"),
    "unidentified": _("No receipt without a known payer"),
    "unapplied": _("No money unapplied for more than 30 days"),
    "settlements": _("Settlements reported by source systems are decided"),
    "imports": _("No import is waiting to be posted"),
    "rates": _("Each open currency has a rate of the month"),
    "revaluation": _("Foreign currency is revalued"),
    "gl_accounts": _("Each account has one in the general ledger"),
    "gl_export": _("The month is exported to the general ledger, and equal"),
    "bank_statements": _("Bank and cash are entered to the last day"),
    "source_feeds": _("The source systems have sent everything"),
    "disputes": _("Disputes and short payments are looked through"),
    "bad_debts": _("Bad debts and write-offs are decided"),
    "ageing": _("The ageing is looked through and filed"),
}


def point_left(code: str, count: int) -> str:
    """How much is still open in a point of the list, where the accounts or currencies do not say it themselves."""
    match code if count else "":
        case "sealed" | "gl_export":
            text = ngettext("{n} entry", "{n} entries", count)
        case "unidentified" | "unapplied":
            text = ngettext("{n} receipt", "{n} receipts", count)
        case "settlements":
            text = ngettext("{n} settlement", "{n} settlements", count)
        case "imports":
            text = ngettext("{n} import", "{n} imports", count)
        case _:
            return ""
    return text.format(n=f"{count:,}")


POINT_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "unidentified": ("cash", {"state": "unidentified"}),
    "unapplied": ("cash", {"state": "unapplied"}),
    "settlements": ("settlements", {}),
    "imports": ("imports", {}),
    "rates": ("rates", {}),
    "gl_accounts": ("gl_setup", {}),
    "gl_export": ("gl", {}),
    "ageing": ("ageing", {}),
}
"""Where what is missing can be seen or done."""
BOOK_PAGES = frozenset({"gl", "gl_setup"})
"""Those of them that are about the books of one entity."""

GROUPINGS: Words = {
    "entry": _("One voucher per entry"),
    "day": _("One voucher per day, summed up"),
    "month": _("One voucher per month, summed up"),
}
REFERENCES: Words = {"document": _("The document's number"), "voucher": _("The voucher's own number")}
VOUCHER_LANGUAGES: Words = {"zh": "中文", "en": "English", "de": "Deutsch"}
DIMENSIONS: Words = {
    "customer": _("Customer"),
    "sales_rep": _("Sales rep"),
    "region": _("Region"),
    "product": _("Product"),
}
CHARTS: Words = {"cn": _("Chinese accounting standards"), "skr03": "SKR03", "skr04": "SKR04"}
OPTIONS: Words = {
    "voucher_word": _("Voucher word"),
    "prepared_by": _("Prepared by"),
    "account_book": _("Code of the account book"),
    "account_book_name": _("Name of the account book"),
    "voucher_group": _("Code of the voucher word"),
    "voucher_group_name": _("Name of the voucher word"),
    "company_code": _("Company code (BUKRS)"),
    "document_type": _("Document type (BLART)"),
    "consultant": _("Consultant number (Beraternummer)"),
    "mandate": _("Mandate number (Mandantennummer)"),
    "account_length": _("Digits of a general-ledger account"),
    "fiscal_year_start": _("Month the fiscal year starts in"),
}

STEPS: Words = {
    "entity": _("A legal entity"),
    "people": _("People and their roles"),
    "rates": _("Exchange rates"),
    "customers": _("Customers"),
    "cut_over": _("The first day kept here"),
    "items": _("What is open on the eve"),
    "balances": _("What the old general ledger says"),
    "proof": _("Both sides are equal"),
    "live": _("Live"),
}
STEP_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "entity": ("entity_new", {}),
    "people": ("people", {}),
    "rates": ("rates", {}),
    "customers": ("import_new", {"kind": "customers"}),
    "items": ("import_new", {"kind": "items"}),
}
STEP_PLACES = {"cut_over": "#cut-over", "balances": "#balances", "proof": "#balances", "live": "#finish"}
"""Steps that are taken on the page itself."""
WHY: Words = {
    "same": _("the same amount"),
    "half": _("half of it: perhaps on the wrong side"),
    "after": _("dated after the eve"),
}
