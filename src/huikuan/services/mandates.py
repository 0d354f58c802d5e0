"""Papers by which somebody else pays for a customer (委托付款书): kept with the days they are good for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.documents import LinkKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_texts
from huikuan.core.third_party import is_private_name
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import CustomerAccount, DocumentLink, PaymentMandate

_TEXTS = {"payer_name": 200, "payer_account": 64}


@dataclass(frozen=True, slots=True)
class NewMandate:
    """A paper. ``document_id``: the document it is, kept with the customer's account."""

    account_id: int
    payer_name: str
    valid_from: date
    valid_to: date | None
    document_id: int | None
    payer_account: str = ""


def add_mandate(new: NewMandate, *, actor_id: int | None, now: datetime) -> int:
    """Keeps a paper; gives its number, of one that says the same the number it has.

    Refuses ``mandate.payer_missing``, ``mandate.dates``, ``mandate.paper_missing``
    (the document must be kept with the customer), ``account.unknown`` and ``right.missing``."""
    check_texts(new, _TEXTS)
    if not new.payer_name.strip():
        raise Refusal("mandate.payer_missing", "say who pays for the customer")
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise Refusal("mandate.dates", "the last day lies before the first")

    def work() -> int:
        # Locked against the same paper sent twice at once; postings, which only point to it, go on.
        accounts = CustomerAccount.objects.select_for_update(no_key=True)
        account = accounts.filter(id=new.account_id).first()
        if account is None:
            raise Refusal("account.unknown", "there is no account {account} in this entity", account=new.account_id)
        demand(actor_id, Right.EDIT_PAYER_ACCOUNT, entity_id=account.entity_id, account_id=account.pk)
        kept = DocumentLink.objects.filter(
            document_id=new.document_id or 0,
            kind=LinkKind.ACCOUNT.value,
            object_id=account.pk,
            document__withdrawn_at=None,
        )
        if not kept.exists():
            raise Refusal(
                "mandate.paper_missing", "add the signed paper to the customer's documents and choose it here"
            )
        told = {
            "account": account,
            "payer_name": new.payer_name.strip(),
            "payer_account": new.payer_account.strip(),
            "valid_from": new.valid_from,
            "valid_to": new.valid_to,
            "document_id": new.document_id,
        }
        twin = PaymentMandate.objects.filter(**told, withdrawn_at=None).first()
        if twin is not None:
            return int(twin.pk)
        row = PaymentMandate.objects.create(
            **told, is_private=is_private_name(new.payer_name), recorded_at=now, actor_id=actor_id
        )
        _record("mandate.added", row, actor_id, now)
        return int(row.pk)

    return run_in_transaction(work)


def withdraw_mandate(mandate_id: int, *, actor_id: int | None, now: datetime) -> None:
    """The paper is good no more, from now on. Refuses ``mandate.unknown`` and ``right.missing``."""

    def work() -> None:
        row = PaymentMandate.objects.filter(id=mandate_id, withdrawn_at=None).select_related("account").first()
        if row is None:
            raise Refusal("mandate.unknown", "there is no such paper, or it was withdrawn already")
        demand(actor_id, Right.EDIT_PAYER_ACCOUNT, entity_id=row.account.entity_id, account_id=row.account_id)
        PaymentMandate.objects.filter(pk=row.pk).update(withdrawn_at=now)
        _record("mandate.withdrawn", row, actor_id, now)

    run_in_transaction(work)


def _record(code: str, row: PaymentMandate, actor_id: int | None, now: datetime) -> None:
    subject = f"account:{row.account_id}"
    record(code, now=now, actor_id=actor_id, entity_id=row.account.entity_id, subject=subject, mandate=row.pk)
