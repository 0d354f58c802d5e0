"""Which receipt a line is, where a person decides: recorded before, another payment, or money that was taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from huikuan.bank.statement import Line
from huikuan.core.banking import SOURCE, LineKind, Tie
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.bank_fitting import FittedLine
from huikuan.services.bank_import import call_after_import
from huikuan.services.bank_receipts import receipt_of
from huikuan.services.bank_twins import receipts_alike
from huikuan.services.books import open_books
from huikuan.services.channels import keep_told
from huikuan.services.debit_returns import return_of_receipt
from huikuan.services.line_desk import live_decision
from huikuan.services.line_split import free_names
from huikuan.services.receipts import add_receipts
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import demand
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.models import (
    BankAccount,
    BankLine,
    BankLineFee,
    BankLineReceipt,
    BankLineText,
    JournalEntry,
    LinePart,
    LineQuestion,
    MatchLearned,
    Receipt,
    ReceiptParty,
    RemittanceAdvice,
)


def link_line(line_id: int, receipt_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Says that a line of money in is a receipt recorded before: nothing is posted.

    Refuses ``bank_line.unknown``, ``bank_line.has_receipt``, ``bank_line.not_same`` (another amount or day, or the
    receipt is another line's) and ``right.missing``.
    """

    def work() -> None:
        line = _waiting(line_id, actor_id)
        paid = (line.value_date, line.amount_minor + _kept(line))
        if receipt_id not in receipts_alike(line.entity_id, line.currency, [paid]).get(paid, ()):
            raise Refusal(
                "bank_line.not_same", "The receipt differs from the line in amount or day, or is another line's."
            )
        _tie(line, receipt_id, Tie.LINKED, actor_id, now)
        _tell("bank_line.linked", line, actor_id, now, receipt=receipt_id)

    run_in_transaction(work)


def unlink_line(line_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes ``link_line`` back: the line waits again. Refuses ``bank_line.unknown``, ``bank_line.not_linked``,
    ``bank_line.decided`` (what was decided about it would speak of money that is not the line's) and
    ``right.missing``."""

    def work() -> None:
        line = _locked(line_id, actor_id)
        # Locked as those who decide lock it: none of them is half way.
        ties = BankLineReceipt.objects.select_for_update().filter(line_id=line_id, tie=Tie.LINKED.value)
        found = ties.first()
        if found is None:
            raise Refusal("bank_line.not_linked", "The line was not linked by hand.")
        if live_decision(line_id) is not None:
            raise Conflict("bank_line.decided", "Something was decided about this line: take that back first.")
        receipt_id = found.receipt_id
        found.delete()
        _tell("bank_line.unlinked", line, actor_id, now, receipt=receipt_id)

    run_in_transaction(work)


def post_line(line_id: int, *, actor_id: int | None, now: datetime) -> int:
    """Posts a waiting line as a receipt of its own: it is another payment than the receipt like it. So too a line whose
    receipt was reversed by hand though the money is there. Gives the receipt.

    Refuses ``bank_line.unknown``, ``bank_line.has_receipt`` (it stands, or the bank took the money back),
    ``bank_line.decided``, ``exchange.no_rate`` and ``right.missing``.
    """

    def work() -> tuple[int, int]:
        line = _locked(line_id, actor_id)
        before = _reversed_tie(line)
        books = open_books(line.entity_id, actor_id=actor_id)
        unit = Unit(line.entity_id, actor_id, now, source_id_of(SOURCE))
        told, fitted = _as_read(line)
        new = receipt_of(line.account_id, told, fitted, line.fingerprint, line.statement.format)
        if before is not None and before.tie == Tie.POSTED.value:
            new = replace(new, external_id=next(free_names(before.receipt, SOURCE)))
        (receipt_id,) = add_receipts(unit, books, [new])
        unit.flush()
        keep_told([receipt_id], [new.channel])
        if before is not None:
            before.delete()
        _tie(line, receipt_id, Tie.POSTED, actor_id, now)
        _tell("bank_line.posted", line, actor_id, now, receipt=receipt_id)
        return receipt_id, line.entity_id

    receipt_id, entity_id = run_in_transaction(work)
    call_after_import(entity_id, [line_id], actor_id=actor_id, now=now)
    return receipt_id


def bounce_receipt(line_id: int, receipt_id: int, *, actor_id: int | None, now: datetime) -> list[int]:
    """The money of a receipt was taken back by this line: the receipt is reversed on the line's day, and before it all
    it was applied to, so that the items are open again. Gives the ids of the reversals.

    Refuses ``bank_line.unknown``, ``bank_line.not_return``, ``bank_line.has_receipt``, ``bank_line.other_amount`` and
    what ``reverse_entry`` refuses.
    """

    def work() -> list[int]:
        line = _locked(line_id, actor_id)
        if line.kind != LineKind.RETURN.value:
            raise Refusal("bank_line.not_return", "The line takes no payment back.")
        _check_free(line_id)
        debit = return_of_receipt(receipt_id, line, actor_id=actor_id, now=now)
        if debit is not None:
            return debit
        receipts = _whole_payment(line.entity_id, receipt_id)
        total = sum(one.amount_minor for one in receipts)
        if not receipts or receipts[0].currency != line.currency or total > -line.amount_minor - _kept(line):
            raise Refusal("bank_line.other_amount", "The receipt is larger than what the line takes back.")
        entries: list[int] = []
        # A part that was taken back by hand before stays so; the rest still goes back.
        for one in [one for one in receipts if not _is_reversed(one)] or receipts:
            entries += reverse_entry(
                line.entity_id,
                one.entry_id,
                on=max(line.value_date, one.effective_date),
                memo=line.return_reason[:300],
                actor_id=actor_id,
                now=now,
            )
        _tie(line, receipt_id, Tie.BOUNCED, actor_id, now)
        _tell("bank_line.bounced", line, actor_id, now, receipt=receipt_id)
        return entries

    return run_in_transaction(work)


def _whole_payment(entity_id: int, receipt_id: int) -> list[Receipt]:
    """The receipt, with the others its line was split into: the bank takes a payment back as a whole."""
    tie = BankLineReceipt.objects.filter(receipt_id=receipt_id).exclude(tie=Tie.BOUNCED.value).first()
    parts = LinePart.objects.filter(Q(receipt_id=receipt_id) | Q(line_id=tie.line_id if tie else None))
    lines = set(parts.values_list("line_id", flat=True))
    numbers = set(LinePart.objects.filter(line_id__in=lines).values_list("receipt_id", flat=True)) | {receipt_id}
    return list(Receipt.objects.filter(id__in=numbers, entity_id=entity_id).order_by("id"))


def _is_reversed(receipt: Receipt) -> bool:
    return JournalEntry.objects.filter(reverses_id=receipt.entry_id).exists()


def erase_texts(before: date, *, entity_id: int, actor_id: int | None, now: datetime) -> int:
    """Erases names and texts of the lines booked before a day, of their receipts too, what was asked about them, and
    what the matcher learned and nothing has confirmed since; gives how many lines. Amounts, days and references stay.
    Refuses ``right.missing``."""

    def work() -> int:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=entity_id)
        lines = BankLine.objects.filter(entity_id=entity_id, booking_date__lt=before, text__erased_at__isnull=True)
        listed = {
            number: f"{account}-{key}" for number, account, key in lines.values_list("id", "account_id", "fingerprint")
        }
        numbers = list(listed)
        empty = dict.fromkeys(("payer_name", "payer_account", "payer_bank", "ultimate_party", "remittance_text"), "")
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            BankLineText.objects.filter(line_id__in=part).update(**empty, erased_at=now)
            _erase_parties({number: listed[number] for number in part})
            LineQuestion.objects.filter(line_id__in=part).update(question="", answer="")
        advices = RemittanceAdvice.objects.filter(entity_id=entity_id, received_at__date__lt=before)
        advices.exclude(payer_name="").update(payer_name="")
        # What the matcher learned are accounts and names of payers: those that no decision has confirmed since go too.
        MatchLearned.objects.filter(entity_id=entity_id, learned_at__date__lt=before).delete()
        if numbers:
            record(
                "bank_line.erased",
                now=now,
                actor_id=actor_id,
                entity_id=entity_id,
                before=before.isoformat(),
                lines=len(numbers),
            )
        return len(numbers)

    return run_in_transaction(work)


def _erase_parties(lines: dict[int, str]) -> None:
    """Who paid, on every receipt these lines (id → the receipt's external id) were posted as, those they were split
    into and posted anew as too."""
    posted = Receipt.objects.filter(source__code=SOURCE, external_id__in=list(lines.values()))
    numbers = set(posted.values_list("id", flat=True))
    wanted = set(lines.values())
    anew = Receipt.objects.filter(source__code=SOURCE, external_id__contains="/").values_list("id", "external_id")
    numbers |= {number for number, text in anew if text.partition("/")[0] in wanted}
    parties = ReceiptParty.objects.filter(receipt_id__in=numbers)
    parties.update(payer_name="", payer_account="", remittance_text="")


def _locked(line_id: int, actor_id: int | None) -> BankLine:
    """The line, its account locked: nobody else decides about a line of it meanwhile."""
    line = BankLine.objects.filter(id=line_id).first()
    if line is None:
        raise Refusal("bank_line.unknown", "There is no such line.")
    demand(actor_id, Right.POST_CASH, entity_id=line.entity_id)
    BankAccount.objects.select_for_update().get(id=line.account_id)
    return line


def _reversed_tie(line: BankLine) -> BankLineReceipt | None:
    """The tie of a line of money in to a receipt that was reversed by hand; ``None`` where it has no receipt."""
    _check_money_in(line)
    tie = BankLineReceipt.objects.select_for_update(of=("self",)).select_related("receipt").filter(line=line).first()
    if tie is None:
        return None
    taken = BankLineReceipt.objects.filter(receipt_id=tie.receipt_id, tie=Tie.BOUNCED.value).exists()
    if taken or not _is_reversed(tie.receipt):
        raise Conflict("bank_line.has_receipt", "Somebody has decided on this line already.")
    if live_decision(line.pk) is not None:
        raise Conflict("bank_line.decided", "Something was decided about this line: take that back first.")
    return tie


def _check_money_in(line: BankLine) -> None:
    if line.kind != LineKind.RECEIPT.value:
        raise Refusal("bank_line.no_money_in", "The line brings no money in.")


def _waiting(line_id: int, actor_id: int | None) -> BankLine:
    line = _locked(line_id, actor_id)
    _check_money_in(line)
    _check_free(line_id)
    return line


def _check_free(line_id: int) -> None:
    if BankLineReceipt.objects.filter(line_id=line_id).exists():
        raise Conflict("bank_line.has_receipt", "Somebody has decided on this line already.")


def _tie(line: BankLine, receipt_id: int, tie: Tie, actor_id: int | None, now: datetime) -> None:
    BankLineReceipt.objects.create(line_id=line.pk, receipt_id=receipt_id, tie=tie.value, at=now, actor_id=actor_id)


def _as_read(line: BankLine) -> tuple[Line, FittedLine]:
    text = BankLineText.objects.filter(line_id=line.pk).first()
    told = Line(
        ordinal=line.ordinal,
        row=line.row,
        booking_date=line.booking_date,
        value_date=line.value_date,
        amount=to_decimal(line.amount_minor, line.currency),
        currency=line.currency,
        payer_name=text.payer_name if text else "",
        payer_account=text.payer_account if text else "",
        ultimate_party=text.ultimate_party if text else "",
        transaction_code=line.transaction_code,
        mandate_id=line.mandate_id,
        remittance_text=text.remittance_text if text else "",
        structured_reference=line.structured_reference,
        end_to_end_id=line.end_to_end_id,
        bank_reference=line.bank_reference,
    )
    return told, FittedLine(
        told, LineKind.RECEIPT, line.value_date, line.amount_minor, None, None, None, kept_minor=_kept(line)
    )


def _kept(line: BankLine) -> int:
    """What a wallet kept of a payment, which is booked already."""
    fee = BankLineFee.objects.filter(line_id=line.pk).first()
    return fee.amount_minor if fee is not None else 0


def _tell(code: str, line: BankLine, actor_id: int | None, now: datetime, **data: Any) -> None:
    record(code, now=now, actor_id=actor_id, entity_id=line.entity_id, subject=f"bank_line:{line.pk}", **data)
