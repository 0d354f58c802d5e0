"""The tables of direct debits: collections, their payments (also the list customers are told by), mandates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from huikuan.core.direct_debits import MandateState, PaymentState, RunState
from huikuan.queries import debits as queries
from huikuan.queries.debit_mandates import MandateRow, mandate_page
from huikuan.queries.debits import WHICH, PaymentRow, RunRow, SumRow
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.web import debit_words
from huikuan.web.acting import amount_text
from huikuan.web.format import format_count, format_day, mask_number
from huikuan.web.tables.columns import Column, Filter, Kind, Table
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER, ENTITY_ON_A_DESK

IBAN = Column("iban", _("Bank account"), Kind.CODE, lambda row: mask_number(row.payer_iban), css="desk-only", width=12)


def find_runs(frame: Frame, values: Mapping[str, Any], sort: str, page: int, size: int) -> Page[RunRow]:
    which = values.get("which", "open")
    return queries.run_page(frame, which=which if which in WHICH else "open", sort=sort, page=page, size=size)


def run_state(row: RunRow) -> str:
    """Where a collection stands; at the bank with nothing waited for it is done."""
    if row.state == RunState.SENT and not row.waiting:
        return str(debit_words.DONE)
    return str(debit_words.RUNS.get(row.state, row.state))


def _run_cell(row: RunRow) -> SafeString:
    failed = ngettext("{n} came back", "{n} came back", row.failed).format(n=format_count(row.failed))
    more = format_html(' <small class="bad-text">{}</small>', failed) if row.failed else ""
    return format_html("{}{}", run_state(row), more)


def _number_cell(row: RunRow) -> SafeString:
    day = format_day(row.due_on, get_language() or "en")
    return format_html('{}<small class="dim phone-only">{}</small>', row.number, day)


def _with_reason(word: str, why: str) -> SafeString:
    return format_html('{} <small class="bad-text">{}</small>', word, why) if why else format_html("{}", word)


def _runs_word(line: SumRow) -> str:
    return ngettext("{shown} collection", "{shown} collections", line.count).format(shown=format_count(line.count))


RUNS = Table(
    key="debits",
    word=_("Direct debits"),
    room="debits",
    page="debits",
    columns=(
        Column("number", _("Number"), Kind.CODE, lambda row: row.number, sort=True, html=_number_cell),
        Column("due_on", _("Collection day"), Kind.DAY, lambda row: row.due_on, sort=True, css="desk-only"),
        ENTITY_ON_A_DESK,
        Column(
            "payments",
            pgettext_lazy("direct debit", "Payments"),
            Kind.COUNT,
            lambda row: row.payments,
            css="desk-only",
        ),
        CURRENCY_ON_A_DESK,
        Column("amount", _("Amount"), Kind.MONEY, lambda row: row.amount_minor, total=lambda line: line.amount_minor),
        Column("collected", _("Collected"), Kind.MONEY, lambda row: row.collected_minor, css="desk-only"),
        Column("failed", _("Came back"), Kind.MONEY, lambda row: row.failed_minor, css="desk-only"),
        Column("proposed_by", _("Proposed by"), Kind.TEXT, lambda row: row.proposed_by, shown=False),
        Column("approved_by", _("Approved by"), Kind.TEXT, lambda row: row.approved_by, shown=False),
        Column("sent_on", _("Handed to the bank"), Kind.DAY, lambda row: row.sent_on, shown=False),
        Column("state", _("State"), Kind.TEXT, run_state, html=_run_cell),
    ),
    filters=(Filter("which", _("Which collections"), "choice", is_quiet=True),),
    usual_sort="-number",
    rows=find_runs,
    open=lambda row: ("debit_run", row.public_id),
    total_word=_runs_word,
    fixed=("which",),
    is_full=True,
)


def find_payments(frame: Frame, values: Mapping[str, Any], sort: str, page: int, size: int) -> Page[PaymentRow]:
    return queries.payment_page(
        frame,
        run=str(values.get("run", "")),
        state=str(values.get("state", "")),
        search=str(values.get("search", "")),
        sort=sort,
        page=page,
        size=size,
    )


def payment_state(row: PaymentRow) -> str:
    return str(debit_words.PAYMENTS.get(row.state, row.state))


def _payment_cell(row: PaymentRow) -> SafeString:
    return _with_reason(payment_state(row), debit_words.reason_word(row.return_reason) if row.return_reason else "")


def _run_number(frame: Frame, text: str) -> str:
    found = queries.run(frame, text)
    return found.number if found is not None else text


def _payment_customer(row: PaymentRow) -> SafeString:
    """On a phone with how the payment stands."""
    return format_html('{}<small class="dim phone-only">{}</small>', row.customer_name, _payment_cell(row))


def documents_text(row: PaymentRow) -> str:
    """What a payment is for; credits that make it smaller with their amount."""
    return ", ".join(
        f"{number} ({amount_text(minor, row.currency)})" if minor < 0 else number
        for _id, number, minor in row.documents
    )


def _payments_word(line: SumRow) -> str:
    return ngettext("{shown} payment", "{shown} payments", line.count).format(shown=format_count(line.count))


PAYMENTS = Table(
    key="debitpayments",
    word=_("Payments of direct debits"),
    room="debits",
    page="debit_payments",
    columns=(
        replace(CUSTOMER, html=_payment_customer),
        Column("end_to_end_id", _("End-to-end id"), Kind.CODE, lambda row: row.end_to_end_id, css="desk-only"),
        Column("due_on", _("Collection day"), Kind.DAY, lambda row: row.due_on, css="desk-only"),
        Column("notice_on", _("Tell by"), Kind.DAY, lambda row: row.notice_on, shown=False),
        Column("reference", _("Mandate"), Kind.CODE, lambda row: row.reference, css="desk-only"),
        Column("creditor_id", _("Creditor identifier"), Kind.CODE, lambda row: row.creditor_id, shown=False, width=24),
        IBAN,
        Column("documents", _("Documents"), Kind.TEXT, documents_text, css="clip desk-only", width=40),
        Column(
            "sequence",
            _("Sequence"),
            Kind.TEXT,
            lambda row: str(debit_words.SEQUENCES.get(row.sequence, row.sequence)),
            css="desk-only",
            width=12,
        ),
        Column("scheme", _("Scheme"), Kind.TEXT, lambda row: row.scheme, shown=False, width=9),
        CURRENCY_ON_A_DESK,
        Column("amount", _("Amount"), Kind.MONEY, lambda row: row.amount_minor, total=lambda line: line.amount_minor),
        Column("state", _("State"), Kind.TEXT, payment_state, html=_payment_cell, css="desk-only"),
        Column("reason", _("Reason"), Kind.TEXT, lambda row: debit_words.reason_word(row.return_reason), shown=False),
        Column("charges", _("Bank charges"), Kind.MONEY, lambda row: row.charges_minor or None, shown=False),
    ),
    filters=(
        Filter("run", _("Collection"), "text", is_quiet=True, say=_run_number),
        Filter(
            "state",
            _("State"),
            "choice",
            choices=lambda frame: [
                (one.value, str(debit_words.PAYMENTS[one])) for one in PaymentState if one != PaymentState.WITHDRAWN
            ],
        ),
    ),
    usual_sort="ordinal",
    rows=find_payments,
    open=lambda row: ("debit_run", row.run_public_id),
    total_word=_payments_word,
    is_full=True,
    searches=_("Customer, mandate or end-to-end id"),
)


def find_mandates(frame: Frame, values: Mapping[str, Any], _sort: str, page: int, size: int) -> Page[MandateRow]:
    state, search = str(values.get("state", "")), str(values.get("search", ""))
    return mandate_page(frame, state=state, search=search, page=page, size=size)


def _mandate_cell(row: MandateRow) -> SafeString:
    why = debit_words.reason_word(row.blocked_reason) if row.blocked_reason else ""
    return _with_reason(debit_words.mandate_word(row.state), why)


MANDATES = Table(
    key="debitmandates",
    word=_("Mandates"),
    room="debits",
    page="debit_mandates",
    columns=(
        Column("reference", _("Mandate"), Kind.CODE, lambda row: row.reference),
        CUSTOMER,
        ENTITY_ON_A_DESK,
        IBAN,
        Column("payer", _("Account holder"), Kind.TEXT, lambda row: row.payer_name, css="clip desk-only", width=36),
        Column("scheme", _("Scheme"), Kind.TEXT, lambda row: row.scheme, css="desk-only", width=9),
        Column(
            "use",
            _("Use"),
            Kind.TEXT,
            lambda row: str(debit_words.USES.get(row.use, row.use)),
            css="desk-only",
        ),
        Column("signed_on", _("Signed on"), Kind.DAY, lambda row: row.signed_on, css="desk-only"),
        Column("last_used_on", _("Last used"), Kind.DAY, lambda row: row.last_used_on, css="desk-only"),
        Column("expires_on", _("Good until"), Kind.DAY, lambda row: row.expires_on, shown=False),
        Column("state", _("State"), Kind.TEXT, lambda row: debit_words.mandate_word(row.state), html=_mandate_cell),
    ),
    filters=(
        Filter(
            "state",
            _("State"),
            "choice",
            choices=lambda frame: [(one.value, str(debit_words.MANDATES[one])) for one in MandateState],
        ),
    ),
    usual_sort="reference",
    rows=find_mandates,
    open=lambda row: ("customer_debits", row.customer_public_id),
    currency=lambda row: "EUR",
    is_full=True,
    searches=_("Customer or mandate"),
)
