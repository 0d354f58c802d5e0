"""What bank accounts, statements and lines are called on the screen."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huikuan.web.words import Words

ACCOUNT_KINDS: Words = {
    "bank": _("Bank account"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "platform": _("Platform or payment provider"),
    "cash": _("Till"),
}

FORMATS: Words = {
    "camt.052": "camt.052",
    "camt.053": "camt.053",
    "camt.054": "camt.054",
    "camt.029": "camt.029",
    "pain.002": "pain.002",
    "mt940": "MT940",
    "mt942": "MT942",
    "bai2": "BAI2",
    "ofx": "OFX",
    "table": _("Table of a bank"),
    "alipay": _("Alipay bill"),
    "wechat": _("WeChat Pay bill"),
}

LINE_KINDS: Words = {
    "receipt": _("Money in"),
    "return": pgettext_lazy("bank line", "Taken back"),
    "fee": _("Bank fee"),
    "interest": _("Interest"),
    "payment": _("Money out"),
    "nothing": _("No amount"),
}

LINE_STATES: Words = {
    "waiting": _("Recorded before?"),
    "unidentified": _("Payer unknown"),
    "unapplied": _("Unapplied"),
    "on_account": _("On account"),
    "applied": pgettext_lazy("receipt", "Applied"),
    "reversed": _("Reversed"),
    "returned": _("Which payment?"),
    "bounced": _("Payment taken back"),
    "": "",
}

OUTCOMES: Words = {
    "imported": pgettext_lazy("bank statement", "Imported"),
    "known": _("known already"),
    "refused": _("Refused"),
    "needs_account": _("Which account?"),
    "needs_date_order": _("Days or months first?"),
    "not_tied": _("Does not tie"),
}

PLACES: Words = {
    "opening balance": _("opening balance"),
    "closing balance": _("closing balance"),
    "balance": _("balance"),
    "amount": _("amount"),
    "charges": _("charges"),
    "fee": _("fee"),
    "currency": _("currency"),
}
"""What of a line or statement a fault is about, where it is no element of the file's own."""
