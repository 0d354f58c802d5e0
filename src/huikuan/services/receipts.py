"""Money received: posting it, finding out whose it is, keeping it on account, giving it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import fund_out_legs
from huikuan.core.approvals import ApprovalKind
from huikuan.core.channels import Channel
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.money import check_size, exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, TEXT_MAX, check_texts
from huikuan.queries.funds import fund_of
from huikuan.services.approvals import Approved, NewApproval, carries_out
from huikuan.services.books import Books, open_books
from huikuan.services.channels import keep_told
from huikuan.services.idempotency import once
from huikuan.services.items import check_accounts
from huikuan.services.locking import lock_receipt
from huikuan.services.posting import post_one
from huikuan.services.receipt_numbers import number_receipts
from huikuan.services.rights import demand_accounts
from huikuan.services.sources import source_id_of
from huikuan.services.writing import ReceiptRow, Unit
from huikuan.store.models import Posting


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """Money as it came in; ``account_id`` is ``None`` when nobody knows yet whose it is (it stands in suspense)."""

    external_id: str
    value_date: date
    currency: str
    amount_minor: int
    account_id: int | None = None
    reference: str = ""
    effective_date: date | None = None
    payer_name: str = ""
    payer_account: str = ""
    remittance_text: str = ""
    version: int = 1
    source_recorded_at: datetime | None = None
    channel: Channel | None = None


_TEXTS = {"external_id": TEXT_MAX, "reference": TEXT_MAX, "payer_name": NAME_MAX, "payer_account": 64}


def post_receipts(
    entity_id: int,
    receipts: Sequence[NewReceipt],
    *,
    actor_id: int | None,
    now: datetime,
    source: str = "manual",
    key: str | None = None,
) -> list[int]:
    """Posts money received, one entry each, all or none; gives the receipts' ids in order. One without an external id
    gets a number (``receipt_numbers``).

    Refuses ``receipt.exists``, ``receipt.not_positive``, ``account.unknown``, ``exchange.no_rate``.
    """

    def work() -> dict[str, list[int]]:
        accounts = {row.account_id for row in receipts}
        demand_accounts(actor_id, Right.POST_CASH, entity_id=entity_id, account_ids=accounts)
        books = open_books(entity_id, actor_id=actor_id)
        unit = Unit(entity_id, actor_id, now, source_id_of(source))
        check_accounts(entity_id, {row.account_id for row in receipts if row.account_id is not None})
        ids = add_receipts(unit, books, number_receipts(books, receipts, unit.source_id or 0, now))
        unit.flush()
        keep_told(ids, [new.channel for new in receipts])
        return {"receipts": ids}

    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="receipts.post", key=key, request=receipts, now=now, work=work
    )
    return list(answer["receipts"])


def add_receipts(unit: Unit, books: Books, receipts: Sequence[NewReceipt]) -> list[int]:
    """Decides and collects; the caller flushes."""
    receipt_ids = unit.new_ids("receipt", len(receipts))
    entry_ids = unit.new_ids("entry", len(receipts))
    for new, receipt_id, entry_id in zip(receipts, receipt_ids, entry_ids, strict=True):
        row = decide_receipt(books, new, receipt_id=receipt_id, entry_id=entry_id, source_id=unit.source_id or 0)
        unit.receipts.append(row)
        unit.add_entry(receipt_entry(row, source_recorded_at=new.source_recorded_at), entry_id)
    return receipt_ids


def decide_receipt(books: Books, new: NewReceipt, *, receipt_id: int, entry_id: int, source_id: int) -> ReceiptRow:
    check_texts(new, _TEXTS)
    exponent_of(new.currency)
    check_size(new.amount_minor, new.currency)
    if new.amount_minor <= 0:
        raise Refusal(
            "receipt.not_positive",
            "{external_id}: money received must be positive; money sent back is a refund",
            external_id=new.external_id,
        )
    day = books.posting_day(new.effective_date or new.value_date)
    return ReceiptRow(
        receipt_id=receipt_id,
        entry_id=entry_id,
        account_id=new.account_id,
        source_id=source_id,
        external_id=new.external_id,
        version=new.version,
        reference=new.reference,
        value_date=new.value_date,
        posting_date=day.posting_date,
        effective_date=day.effective_date,
        currency=new.currency,
        amount_minor=new.amount_minor,
        base_minor=books.to_base(new.amount_minor, new.currency, day.effective_date),
        payer_name=new.payer_name,
        payer_account=new.payer_account,
        remittance_text=new.remittance_text,
    )


def receipt_entry(row: ReceiptRow, *, source_recorded_at: datetime | None = None) -> EntryDraft:
    stands_on = LedgerAccount.SUSPENSE if row.account_id is None else LedgerAccount.UNAPPLIED
    return EntryDraft(
        kind=EntryKind.RECEIPT,
        effective_date=row.effective_date,
        posting_date=row.posting_date,
        postings=(
            PostingDraft(LedgerAccount.BANK, row.currency, row.amount_minor, row.base_minor, row.account_id),
            PostingDraft(
                stands_on, row.currency, -row.amount_minor, -row.base_minor, row.account_id, receipt_id=row.receipt_id
            ),
        ),
        source_recorded_at=source_recorded_at,
    )


def identify_receipt(
    entity_id: int,
    receipt_id: int,
    account_id: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> int:
    """Moves what a receipt has in suspense to a customer's unapplied money.

    Refuses ``receipt.not_in_suspense`` and ``receipt.other_customer``: all of a receipt belongs to one customer.
    """

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        check_accounts(entity_id, {account_id})
        receipt, balance = lock_receipt(entity_id, receipt_id)
        fund = fund_of(receipt, balance, LedgerAccount.SUSPENSE)
        if not fund.available_minor:
            raise Refusal("receipt.not_in_suspense", "nothing of this receipt is in suspense", receipt_id=receipt_id)
        _check_owner(receipt_id, account_id)
        return EntryKind.IDENTIFY, fund_out_legs(
            fund, fund.available_minor, LedgerAccount.UNAPPLIED, account_id=account_id
        )

    request = (receipt_id, account_id, on)
    return post_one(
        entity_id,
        "receipt.identify",
        request,
        decide,
        right=Right.POST_CASH,
        on=on,
        actor_id=actor_id,
        now=now,
        key=key,
    )


def _check_owner(receipt_id: int, account_id: int) -> None:
    given = Posting.objects.filter(receipt_id=receipt_id, ledger_account=LedgerAccount.UNAPPLIED.value)
    given = given.filter(entry__kind=EntryKind.IDENTIFY.value, entry__reversed_by__isnull=True)
    if given.exclude(account_id=account_id).exists():
        raise Refusal(
            "receipt.other_customer",
            "part of this receipt was identified as another customer's: reverse that first",
            receipt_id=receipt_id,
        )


def park_receipt(
    entity_id: int,
    receipt_id: int,
    amount_minor: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> int:
    """Keeps unapplied money on account, as an advance. Refuses ``application.fund_exceeded``."""

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        receipt, balance = lock_receipt(entity_id, receipt_id)
        fund = fund_of(receipt, balance, LedgerAccount.UNAPPLIED)
        return EntryKind.PARK, fund_out_legs(fund, amount_minor, LedgerAccount.ADVANCES)

    request = (receipt_id, amount_minor, on)
    return post_one(
        entity_id, "receipt.park", request, decide, right=Right.POST_CASH, on=on, actor_id=actor_id, now=now, key=key
    )


def refund_receipt(
    entity_id: int,
    receipt_id: int,
    amount_minor: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    from_account: LedgerAccount = LedgerAccount.UNAPPLIED,
    key: str | None = None,
    memo: str = "",
    approved: int | None = None,
    other_payee: bool = False,
) -> int:
    """Gives money back to who sent it: from suspense, unapplied, on account. ``other_payee``: to somebody else, which
    is a right of its own and needs a reason that names the payee.

    Refuses ``application.fund_exceeded``, ``refund.say_why`` and ``approval.needed`` where the entity wants such an
    amount approved; ``approved`` is the request carried out."""
    if other_payee and not memo.strip():
        raise Refusal("refund.say_why", "say to whom the money goes, and why not to who paid it")

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        receipt, balance = lock_receipt(entity_id, receipt_id)
        fund = fund_of(receipt, balance, from_account)
        return EntryKind.REFUND, fund_out_legs(fund, amount_minor, LedgerAccount.BANK)

    def proposal(legs: tuple[PostingDraft, ...]) -> NewApproval:
        receipt, balance = lock_receipt(entity_id, receipt_id)
        return NewApproval(
            kind=ApprovalKind.REFUND,
            entity_id=entity_id,
            account_id=balance.account_id,
            subject=f"receipt:{receipt_id}",
            title=receipt.reference or receipt.external_id,
            amount_minor=amount_minor,
            currency=receipt.currency,
            base_minor=sum(leg.base_minor for leg in legs if leg.ledger_account == LedgerAccount.BANK),
            facts={"receipt": receipt_id, "on": on.isoformat(), "from": from_account.value, "other_payee": other_payee},
            reason=memo,
        )

    # Requests kept before there were other payees are told apart by the same text as ever.
    request = (receipt_id, amount_minor, on, from_account, *([True] if other_payee else []))
    return post_one(
        entity_id,
        "receipt.refund_other" if other_payee else "receipt.refund",
        request,
        decide,
        right=Right.REFUND_OTHER_PAYEE if other_payee else Right.POST_CASH,
        on=on,
        actor_id=actor_id,
        now=now,
        memo=memo,
        key=key,
        proposal=proposal,
        approved=approved,
    )


@carries_out(ApprovalKind.REFUND)
def refund_approved(request: Approved) -> int:
    """Does what was approved. Refuses what ``refund_receipt`` refuses by now."""
    return refund_receipt(
        request.entity_id,
        request.facts["receipt"],
        request.amount_minor,
        on=date.fromisoformat(request.facts["on"]),
        from_account=LedgerAccount(request.facts["from"]),
        memo=request.reason,
        actor_id=request.actor_id,
        now=request.now,
        key=f"approval:{request.request_id}",
        approved=request.request_id,
        other_payee=bool(request.facts.get("other_payee")),
    )
