"""What is done with a receipt: whose it is, kept on account, sent back, bounced."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.accounts import LedgerAccount
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, desk
from huikuan.queries.approvals import request_waiting
from huikuan.queries.desk import ReceiptNow
from huikuan.queries.ids import receipt_id_text
from huikuan.services.receipts import identify_receipt, park_receipt, refund_receipt
from huikuan.services.reinstating import may_reinstate, reinstate_receipt
from huikuan.services.reversals import reverse_entry
from huikuan.web.acting import (
    Deed,
    Field,
    act,
    actor,
    amount_text,
    bar,
    demand_posting_to,
    done,
    may_post_to,
    read_on,
    read_positive,
    read_text,
    typed_amount,
)
from huikuan.web.cash import read_owner, who_context
from huikuan.web.format import format_day
from huikuan.web.frames import Seat
from huikuan.web.pages import page
from huikuan.web.reversing import bounce_context, reversed_words
from huikuan.web.tags import address

ACCOUNTS = {
    "suspense": LedgerAccount.SUSPENSE,
    "unapplied": LedgerAccount.UNAPPLIED,
    "advances": LedgerAccount.ADVANCES,
}
_METHODS = ["GET", "HEAD", "POST"]


def receipt_bar(seat: Seat, public_id: str) -> dict[str, Any]:
    """The buttons of a receipt's page, for who may post; a request for approval that waits."""
    receipt = desk.receipt_now(seat.frame, public_id, timezone.now())
    if receipt is None:
        return bar(seat, [])
    if receipt.is_reversed:
        may = may_post_to(seat, receipt.entity_id, Right.REVERSE) and may_reinstate(receipt.id)
        return bar(seat, [Deed(_("It stands after all …"), address(seat.kept, "receipt_reinstate", public_id))] * may)
    waits = {"approval_id": request_waiting(f"receipt:{receipt.id}")}
    bounced = []
    if may_post_to(seat, receipt.entity_id, Right.REVERSE):
        bounced.append(Deed(_("Bounced …"), address(seat.kept, "receipt_bounce", public_id)))
    if receipt.rest_minor and may_post_to(seat, receipt.entity_id, Right.REFUND_OTHER_PAYEE):
        other = address(seat.kept, "receipt_refund_other", public_id)
        bounced.append(Deed(_("Refund to another payee"), other))
    if not may_post_to(seat, receipt.entity_id, Right.POST_CASH):
        return bar(seat, bounced) | waits

    def deed(word: str, name: str, primary: bool = False) -> Deed:
        return Deed(word, address(seat.kept, name, public_id), primary)

    deeds = []
    if receipt.unidentified_minor:
        deeds.append(deed(_("Identify the payer"), "receipt_identify", primary=True))
    if receipt.unapplied_minor or receipt.on_account_minor:
        deeds.append(deed(pgettext("do", "Apply"), "receipt_apply", primary=True))
        if receipt.owner and applicable.owes_in_others(receipt.owner.account_id, receipt.currency):
            deeds.append(deed(_("Apply to another currency"), "receipt_convert"))
    if receipt.unapplied_minor:
        deeds.append(deed(_("Keep on account"), "receipt_park"))
    if receipt.rest_minor:
        deeds.append(deed(pgettext("do", "Refund"), "receipt_refund"))
    return bar(seat, [*deeds, *bounced]) | waits


def _receipt(seat: Seat, public_id: str, right: Right = Right.POST_CASH) -> ReceiptNow:
    receipt = desk.receipt_now(seat.frame, public_id, timezone.now())
    if receipt is None:
        raise Http404
    demand_posting_to(seat, receipt.entity_id, right)
    return receipt


def _shell(
    seat: Seat, receipt: ReceiptNow, title: str, button: str, says: str = "", blocked: str = ""
) -> dict[str, Any]:
    language = get_language() or "en"
    facts = [
        (_("Received"), amount_text(receipt.amount_minor, receipt.currency)),
        (_("Left"), amount_text(receipt.rest_minor, receipt.currency)),
        (_("Value date"), format_day(receipt.value_date, language)),
        (_("Customer"), receipt.owner.name if receipt.owner else ""),
        (_("Payer"), receipt.payer_name),
        (_("Remittance text"), receipt.remittance_text),
    ]
    back = address(seat.kept, "receipt", receipt.public_id)
    return {
        "title": title,
        "about": receipt.reference,
        "facts": [(label, value) for label, value in facts if value],
        "crumbs": [(address(seat.kept, "cash"), _("Cash")), (back, receipt.reference)],
        "back": back,
        "says": says,
        "button": button,
        "blocked": blocked,
    }


def day_field(receipt_or_item: Any, given: QueryDict) -> Field:
    return Field("day", "on", _("Day"), given.get("on", receipt_or_item.today.isoformat()))


@require_http_methods(_METHODS)
@page
def identify(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Says whose money it is; on to applying it."""
    receipt = _receipt(seat, public_id)
    entity = next(row for row in seat.entities if row.id == receipt.entity_id)

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("{amount} moves from the unidentified receipts to the customer's unapplied money.")
        says = says.format(amount=amount_text(receipt.unidentified_minor, receipt.currency))
        blocked = "" if receipt.unidentified_minor else _("Nothing of this receipt is unidentified.")
        return {
            **_shell(seat, receipt, _("Identify the payer"), _("Post: it is theirs"), says, blocked),
            "fields": [Field("who", "who", _("Customer"), given.get("who", "")), day_field(receipt, given)],
            **who_context(seat, entity, given),
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        owner = read_owner(seat, receipt.entity_id, given)
        if owner is None:
            raise Refusal("cash.whose", "Say whose money it is.")
        on = _on(given, receipt)
        entry_id = identify_receipt(receipt.entity_id, receipt.id, owner.account_id, on=on, key=key, **actor(request))
        text = _("This is money of {name}.").format(name=owner.name)
        owes = applicable.owes(owner.account_id, receipt.currency)
        return done(request, seat, text, entry_id, "receipt_apply" if owes else "receipt", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=receipt.currency)


@require_http_methods(_METHODS)
@page
def park(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Keeps unapplied money on account."""
    receipt = _receipt(seat, public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("The money stays the customer's, as an advance for what they will owe. It can be applied later.")
        blocked = "" if receipt.unapplied_minor else _("Nothing of this receipt is unapplied.")
        amount = given.get("amount", typed_amount(receipt.unapplied_minor, receipt.currency))
        return {
            **_shell(seat, receipt, _("Keep on account"), _("Post: keep on account"), says, blocked),
            "fields": [Field("money", "amount", _amount_label(receipt), amount), day_field(receipt, given)],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        minor, on = read_positive(given, "amount", receipt.currency), _on(given, receipt)
        entry_id = park_receipt(receipt.entity_id, receipt.id, minor, on=on, key=key, **actor(request))
        text = _("{amount} is kept on account.").format(amount=amount_text(minor, receipt.currency))
        return done(request, seat, text, entry_id, "receipt", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=receipt.currency)


def _on(given: QueryDict, receipt: ReceiptNow) -> date:
    return read_on(given, receipt.today, since=receipt.effective_date)


def _amount_label(receipt: ReceiptNow) -> str:
    return _("Amount in {currency}").format(currency=receipt.currency)


def _buckets(receipt: ReceiptNow) -> list[tuple[str, str, int]]:
    """Where the receipt has money: code, word, minor units."""
    found = [
        ("unapplied", _("Unapplied"), receipt.unapplied_minor),
        ("suspense", _("Payer unknown"), receipt.unidentified_minor),
        ("advances", _("On account"), receipt.on_account_minor),
    ]
    return [bucket for bucket in found if bucket[2]]


@require_http_methods(_METHODS)
@page
def refund(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Money sent back to who paid it."""
    return _refund(request, seat, _receipt(seat, public_id), other_payee=False)


@require_http_methods(_METHODS)
@page
def refund_other(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Money sent back to somebody else than who paid it."""
    return _refund(request, seat, _receipt(seat, public_id, Right.REFUND_OTHER_PAYEE), other_payee=True)


def _refund(request: HttpRequest, seat: Seat, receipt: ReceiptNow, *, other_payee: bool) -> HttpResponse:
    buckets, public_id = _buckets(receipt), receipt.public_id

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("Books that the money was sent back from the bank account. It does not send it.")
        why = _("To whom, and why not to who paid it") if other_payee else _("Why")
        blocked = "" if buckets else _("Nothing of this receipt is left.")
        chosen = given.get("from", buckets[0][0] if buckets else "")
        first = next((minor for code, _word, minor in buckets if code == chosen), 0)
        amount = given.get("amount", typed_amount(first, receipt.currency))
        # Named in the form even where there is one only: a form sent again finds nothing left to tell it by.
        words = [(code, f"{word} {amount_text(minor, receipt.currency)}") for code, word, minor in buckets]
        fields = [
            Field("money", "amount", _amount_label(receipt), amount),
            Field("choice", "from", _("Take the money from"), chosen, choices=tuple(words)),
            day_field(receipt, given),
            Field("text", "memo", why, given.get("memo", ""), required=other_payee),
        ]
        title = _("Refund to another payee") if other_payee else _("Refund")
        return {**_shell(seat, receipt, title, _("Post the refund"), says, blocked), "fields": fields}

    def do(given: QueryDict, key: str) -> HttpResponse:
        minor, on = read_positive(given, "amount", receipt.currency), _on(given, receipt)
        account = ACCOUNTS.get(given.get("from", ""), LedgerAccount.UNAPPLIED)
        entry_id = refund_receipt(
            receipt.entity_id,
            receipt.id,
            minor,
            on=on,
            from_account=account,
            memo=read_text(given, "memo", 200),
            key=key,
            other_payee=other_payee,
            **actor(request),
        )
        text = _("{amount} refunded.").format(amount=amount_text(minor, receipt.currency))
        return done(request, seat, text, entry_id, "receipt", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=receipt.currency)


@require_http_methods(_METHODS)
@page
def bounce(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The bank took the payment back: unapplied everywhere first, then reversed."""
    receipt = _receipt(seat, public_id, Right.REVERSE)
    entry = desk.entry_now(seat.frame, receipt.entry_public_id, timezone.now())
    if entry is None:
        raise Http404

    def context(given: QueryDict) -> dict[str, Any]:
        shell = _shell(seat, receipt, _("The payment bounced"), _("Post: take the receipt back"))
        return {**shell, **bounce_context(seat, entry, given)}

    def do(given: QueryDict, key: str) -> HttpResponse:
        memo, on = read_text(given, "memo", 200), read_on(given, receipt.today)
        if not memo:
            raise Refusal("form.reason_missing", "Say why.")
        entries = reverse_entry(receipt.entity_id, entry.id, on=on, memo=memo, key=key, **actor(request))
        text = _("The receipt of {amount} is taken back.").format(
            amount=amount_text(receipt.amount_minor, receipt.currency)
        )
        return done(request, seat, text + reversed_words(len(entries) - 1), entries[-1], "receipt", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=receipt.currency)


@require_http_methods(_METHODS)
@page
def reinstate(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """That it bounced was a mistake: the receipt is posted anew, with all that was done with it."""
    receipt = _receipt(seat, public_id, Right.REVERSE)

    def context(given: QueryDict) -> dict[str, Any]:
        says = _(
            "The receipt is posted anew, on the day it was taken back, and pays the same items as before. The bank's "
            "line that took it back waits for a decision again."
        )
        blocked = "" if may_reinstate(receipt.id) else _("This receipt stands, or its money was posted anew already.")
        shell = _shell(seat, receipt, _("It stands after all"), _("Post the receipt anew"), says, blocked)
        return {**shell, "fields": [Field("text", "memo", _("Why"), given.get("memo", ""))]}

    def do(given: QueryDict, key: str) -> HttpResponse:
        memo = read_text(given, "memo", 200)
        if not memo:
            raise Refusal("form.reason_missing", "Say why.")
        made = reinstate_receipt(receipt.entity_id, receipt.id, memo=memo, key=key, **actor(request))
        text = _("The receipt of {amount} stands again.").format(
            amount=amount_text(receipt.amount_minor, receipt.currency)
        )
        return done(request, seat, text, made.entries[0], "receipt", receipt_id_text(made.receipts[0]))

    return act(request, seat, "actions/act.html", context, do, currency=receipt.currency)
