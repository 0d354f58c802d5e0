"""A line that paid for several customers: its receipt is taken back and posted anew as one receipt for each.

All of a receipt belongs to one customer, so the parts are receipts of their own, of the same day and texts; together
they are the line. Undoing makes one receipt of them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from huikuan.core.banking import SOURCE
from huikuan.core.refusals import Refusal
from huikuan.services.books import open_books
from huikuan.services.channels import channel_of, keep_told
from huikuan.services.line_desk import Desk, day_for
from huikuan.services.receipt_papers import carry_documents
from huikuan.services.receipts import NewReceipt, add_receipts
from huikuan.services.reversals import reverse_entry
from huikuan.services.sources import source_id_of
from huikuan.services.writing import Unit
from huikuan.store.models import BankLineReceipt, LineDecision, LinePart, Receipt, ReceiptParty, Source

SPLIT_MAX = 50
"""Customers one line may be split over."""


def split_line(desk: Desk, shares: Mapping[int, int], entries: list[int], *, most: int = SPLIT_MAX) -> dict[int, int]:
    """One receipt per share (by account, or whatever the shares are named by), the money not spoken for with the first;
    gives the receipt of each. ``entries``: the journal entries are added to it.

    Refuses ``match.split_used`` where some of the receipt is spoken for already, ``match.share_not_positive`` and
    ``match.over_line``.
    """
    if desk.live is not None or desk.balance.unidentified_minor != desk.receipt.amount_minor:
        raise Refusal("match.split_used", "Some of this money is spoken for: take that back before it is split.")
    if len(shares) > most or any(minor <= 0 for minor in shares.values()):
        raise Refusal(
            "match.share_not_positive", "Each customer needs an amount, for {most} customers at most.", most=most
        )
    rest = desk.receipt.amount_minor - sum(shares.values())
    if rest < 0:
        raise Refusal("match.over_line", "That is more than is left of the line's money.")
    first, *others = shares
    amounts = [shares[first] + rest, *(shares[number] for number in others)]
    made = _repost(desk, [desk.tie.receipt_id], amounts, entries)
    tie = BankLineReceipt.objects.get(line_id=desk.line.pk)
    tie.receipt_id = made[0]
    tie.save(update_fields=["receipt"])
    desk.tie = tie
    return dict(zip(shares, made, strict=True))


def join_parts(desk: Desk, entries: list[int]) -> None:
    """Makes one receipt of a line's parts again; they are all in suspense."""
    parts = list(
        LinePart.objects.filter(line_id=desk.line.pk).order_by("receipt_id").values_list("receipt_id", flat=True)
    )
    amounts = Receipt.objects.filter(id__in=parts).values_list("amount_minor", flat=True)
    made = _repost(desk, parts, [sum(amounts)], entries)
    LinePart.objects.filter(line_id=desk.line.pk).delete()
    tie = BankLineReceipt.objects.get(line_id=desk.line.pk)
    tie.receipt_id = made[0]
    tie.save(update_fields=["receipt"])
    desk.tie = tie


def remember_parts(desk: Desk, decision: LineDecision, receipts: Sequence[int]) -> None:
    LinePart.objects.bulk_create(
        [LinePart(receipt_id=number, line=desk.line, decision=decision) for number in receipts]
    )


def _repost(desk: Desk, old: Sequence[int], amounts: Sequence[int], entries: list[int]) -> list[int]:
    common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
    model = desk.receipt
    on = day_for(model, ())
    for number in old:
        receipt = Receipt.objects.get(id=number)
        entries += reverse_entry(desk.entity_id, receipt.entry_id, on=on, memo="split", **common)
    source = Source.objects.get(id=model.source_id)
    party = ReceiptParty.objects.filter(receipt=model).first()
    names = free_names(model, source.code)
    texts: dict[str, Any] = {
        name: getattr(party, name) if party is not None else ""
        for name in ("payer_name", "payer_account", "remittance_text")
    }
    books = open_books(desk.entity_id, actor_id=desk.actor_id)
    unit = Unit(desk.entity_id, desk.actor_id, desk.now, source_id_of(source.code))
    new = [
        NewReceipt(
            external_id=next(names),
            value_date=model.value_date,
            effective_date=max(on, model.value_date),
            currency=model.currency,
            amount_minor=minor,
            reference=model.reference,
            **texts,
        )
        for minor in amounts
    ]
    made = add_receipts(unit, books, new)
    entries += [number for number, _ in unit.entries]
    unit.flush()
    keep_told(made, [channel_of(model.pk)] * len(made))
    carry_documents([(number, new_number) for number in old for new_number in made])
    return made


def free_names(receipt: Receipt, source: str) -> Iterator[str]:
    """External ids for what a receipt is posted anew as: its own with the next free numbers. Those of bank lines hold
    no stroke of their own; what others call their receipts may."""
    mark = "/" if source == SOURCE else "/part-"
    whole = receipt.external_id.partition(mark)[0]
    same = Receipt.objects.filter(
        entity_id=receipt.entity_id, source__code=source, external_id__startswith=f"{whole}{mark}"
    )
    taken = set(same.values_list("external_id", flat=True))
    return (name for number in count(1) if (name := f"{whole}{mark}{number}") not in taken)
