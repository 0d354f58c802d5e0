"""The words of vouchers. They are kept in files for years, so they follow the entity's choice of language and not the
reader's."""

from __future__ import annotations

LANGUAGES = ("zh", "en", "de")

_ENTRY_WORDS: dict[str, tuple[str, str, str]] = {
    "item": ("应收", "Invoice", "Rechnung"),
    "receipt": ("收款", "Receipt", "Zahlungseingang"),
    "identify": ("认领收款", "Payer identified", "Zahler ermittelt"),
    "park": ("转预收", "Kept on account", "Anzahlung"),
    "application": ("核销", "Application", "Ausgleich"),
    "refund": ("退款", "Refund", "Erstattung"),
    "offset": ("抵冲", "Offset", "Verrechnung"),
    "assignment": ("债权转让", "Assignment", "Abtretung"),
    "write_off": ("核销坏账", "Write-off", "Ausbuchung"),
    "recovery": ("收回坏账", "Recovery", "Eingang ausgebucht"),
    "source_settlement": ("来源系统结清", "Settled in source", "Im Vorsystem ausgeglichen"),
    "settlement_met": ("结清对应收款", "Settlement met", "Ausgleich zugeordnet"),
    "revaluation": ("期末调汇", "Revaluation", "Fremdwährungsbewertung"),
    "reversal": ("冲销", "Reversal", "Storno"),
}
_LEDGER = ("应收明细账", "Receivables", "Debitoren")


def entry_word(kind: str, language: str) -> str:
    """What a kind of entry is called in a voucher."""
    return _ENTRY_WORDS[kind][LANGUAGES.index(language)]


def ledger_word(language: str) -> str:
    """What a summed-up voucher is called."""
    return _LEDGER[LANGUAGES.index(language)]
