"""What is done with an item: written off, offset, assigned, recovered, a credit applied."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.accounts import EntryKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import desk
from huikuan.queries.approvals import request_waiting
from huikuan.queries.desk import ItemNow, ReceiptNow
from huikuan.services.adjustments import recover_item, settle_item
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
from huikuan.web.format import format_day
from huikuan.web.frames import Seat
from huikuan.web.pages import page
from huikuan.web.short_payments import item_deeds
from huikuan.web.tags import address

Words = dict[EntryKind, str | Promise]
KINDS: dict[str, EntryKind] = {
    kind.value: kind for kind in (EntryKind.WRITE_OFF, EntryKind.OFFSET, EntryKind.ASSIGNMENT)
}
TITLES: Words = {
    EntryKind.WRITE_OFF: gettext_lazy("Write off"),
    EntryKind.OFFSET: gettext_lazy("Offset"),
    EntryKind.ASSIGNMENT: gettext_lazy("Assign the claim"),
}
SAYS: Words = {
    EntryKind.WRITE_OFF: gettext_lazy(
        "The amount goes to bad debt expense and is no longer open. Money that comes after all is a recovery."
    ),
    EntryKind.OFFSET: gettext_lazy("The amount is set against what we owe the customer and is no longer open."),
    EntryKind.ASSIGNMENT: gettext_lazy(
        "The claim over the amount is handed to another creditor and is no longer open here."
    ),
}
BUTTONS: Words = {
    EntryKind.WRITE_OFF: gettext_lazy("Post the write-off"),
    EntryKind.OFFSET: gettext_lazy("Post the offset"),
    EntryKind.ASSIGNMENT: gettext_lazy("Post the assignment"),
}
DONE: Words = {
    EntryKind.WRITE_OFF: gettext_lazy("{amount} of {document} written off."),
    EntryKind.OFFSET: gettext_lazy("{amount} of {document} offset."),
    EntryKind.ASSIGNMENT: gettext_lazy("{amount} of {document} assigned."),
}


def item_bar(seat: Seat, public_id: str) -> dict[str, Any]:
    """The buttons of an item's page, for who may post; a request for approval that waits."""
    item = desk.item_now(seat.frame, public_id, timezone.now())
    if item is None:
        return bar(seat, [])
    adjusts = may_post_to(seat, item.entity_id, Right.POST_ADJUSTMENT)
    deeds = []
    if item.is_credit and item.open_minor and may_post_to(seat, item.entity_id, Right.POST_CASH):
        deeds.append(Deed(_("Apply the credit"), address(seat.kept, "item_credit", public_id), primary=True))
    kinds = [kind for kind in KINDS.values() if not (item.is_credit and kind == EntryKind.ASSIGNMENT)]
    if item.open_minor and adjusts:
        deeds += [Deed(TITLES[kind], address(seat.kept, "item_settle", public_id, kind=kind.value)) for kind in kinds]
    if item.written_off_minor > 0 and adjusts:
        deeds.append(Deed(_("Recovery"), address(seat.kept, "item_recover", public_id)))
    deeds += item_deeds(seat, item.entity_id, public_id, item.open_minor)
    return bar(seat, deeds) | {"approval_id": request_waiting(f"item:{item.id}")}


def _item(seat: Seat, public_id: str) -> ItemNow:
    item = desk.item_now(seat.frame, public_id, timezone.now())
    if item is None:
        raise Http404
    demand_posting_to(seat, item.entity_id, Right.POST_ADJUSTMENT)
    return item


def _shell(seat: Seat, item: ItemNow, title: str, button: str, says: str, blocked: str) -> dict[str, Any]:
    back = address(seat.kept, "item", item.public_id)
    facts = [
        (_("Customer"), item.owner.name),
        (_("Amount"), amount_text(item.amount_minor, item.currency)),
        (_("Open"), amount_text(item.open_minor, item.currency)),
    ]
    return {
        "title": title,
        "about": item.document_number,
        "facts": facts,
        "crumbs": [
            (address(seat.kept, "customer", item.owner.customer_public_id), item.owner.name),
            (back, item.document_number),
        ],
        "back": back,
        "says": says,
        "button": button,
        "blocked": blocked,
    }


def _fields(item: ItemNow, given: QueryDict, usual_minor: int) -> list[Field]:
    amount = given.get("amount", typed_amount(usual_minor, item.currency))
    label = _("Amount in {currency}").format(currency=item.currency)
    return [
        Field("money", "amount", label, amount),
        Field("day", "on", _("Day"), given.get("on", item.today.isoformat())),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@page
def settle(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Takes an item, or part of it, off the books without money: ``kind`` in the address says how."""
    item = _item(seat, public_id)
    kind = KINDS.get(request.GET.get("kind", ""))
    if kind is None:
        raise Http404

    def context(given: QueryDict) -> dict[str, Any]:
        blocked = "" if item.open_minor else _("Nothing is open on this item.")
        memo = Field("text", "memo", _("Why"), given.get("memo", ""))
        shell = _shell(seat, item, str(TITLES[kind]), str(BUTTONS[kind]), str(SAYS[kind]), blocked)
        return {**shell, "fields": [*_fields(item, given, item.open_minor), memo]}

    def do(given: QueryDict, key: str) -> HttpResponse:
        minor, on, memo = (
            read_positive(given, "amount", item.currency),
            read_on(given, item.today, since=item.effective_date),
            read_text(given, "memo", 200),
        )
        if not memo:
            raise Refusal("form.reason_missing", "Say why.")
        entry_id = settle_item(
            item.entity_id,
            kind,
            item.id,
            -minor if item.is_credit else minor,
            on=on,
            memo=memo,
            key=key,
            **actor(request),
        )
        text = str(DONE[kind]).format(amount=amount_text(minor, item.currency), document=item.document_number)
        return done(request, seat, text, entry_id, "item", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=item.currency, room="items")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def recover(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Money that came after all for an item written off, out of one of the customer's receipts."""
    item = _item(seat, public_id)
    receipts = desk.money_left(seat.frame, item, timezone.now())

    def context(given: QueryDict) -> dict[str, Any]:
        language = get_language() or "en"
        blocked = ""
        if item.written_off_minor <= 0:
            blocked = _("Nothing of this item is written off.")
        elif not receipts:
            blocked = _("The customer has no unapplied money in {currency}: record the receipt first.").format(
                currency=item.currency
            )
        chosen = given.get("receipt", receipts[0].public_id if receipts else "")
        at_hand = next((one.unapplied_minor for one in receipts if one.public_id == chosen), 0)
        words = tuple((one.public_id, _receipt_word(one, language)) for one in receipts)
        says = _("{amount} is written off. The money goes to bad debts recovered; the item stays settled.")
        says = says.format(amount=amount_text(item.written_off_minor, item.currency))
        shell = _shell(seat, item, _("Recovery"), _("Post the recovery"), says, blocked)
        choice = Field("choice", "receipt", _("Receipt"), chosen, choices=words)
        return {**shell, "fields": [choice, *_fields(item, given, min(at_hand, item.written_off_minor))]}

    def do(given: QueryDict, key: str) -> HttpResponse:
        minor = read_positive(given, "amount", item.currency)
        receipt = desk.receipt_now(seat.frame, given.get("receipt", ""), timezone.now())
        if receipt is None or receipt.entity_id != item.entity_id:
            raise Refusal("recovery.which_receipt", "Choose the receipt the money came by.")
        on = read_on(given, item.today, since=max(item.effective_date, receipt.effective_date))
        entry_id = recover_item(item.entity_id, item.id, receipt.id, minor, on=on, key=key, **actor(request))
        text = _("{amount} of {document} recovered.").format(
            amount=amount_text(minor, item.currency), document=item.document_number
        )
        return done(request, seat, text, entry_id, "item", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=item.currency, room="items")


def _receipt_word(receipt: ReceiptNow, language: str) -> str:
    amount = amount_text(receipt.unapplied_minor, receipt.currency)
    return f"{receipt.reference} · {format_day(receipt.value_date, language)} · {amount}"
