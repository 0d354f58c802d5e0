"""Papers of other payers, and what is known of who paid a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from huikuan.core.documents import LinkKind
from huikuan.core.third_party import Mandate, Payer, judge_payer
from huikuan.queries.frame import Frame
from huikuan.store.models import (
    CustomerAccount,
    CustomerAlias,
    CustomerPayerAccount,
    DocumentLink,
    PaymentMandate,
    ReceiptBalance,
)
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A paper: who pays for the customer, from when until when, in which entity."""

    id: int
    entity_id: int
    entity_name: str
    payer_name: str
    payer_account: str
    is_private: bool
    valid_from: date
    valid_to: date | None
    is_withdrawn: bool
    document_public_id: str


@dataclass(frozen=True, slots=True)
class PaperChoice:
    """A document kept with one of the customer's accounts, to be chosen as the paper."""

    account_id: int
    entity_id: int
    entity_name: str
    document_id: int
    name: str

    @property
    def code(self) -> str:
        """What a form sends for it."""
        return f"{self.account_id}:{self.document_id}"


def mandates_of(frame: Frame, customer_public_id: str) -> list[MandateRow]:
    """The papers of a customer's accounts in the frame, newest first; those withdrawn stay."""
    found = PaymentMandate.objects.filter(
        frame.visible("account", "account__entity_id"), account__customer_id=inner_id("cus", customer_public_id) or 0
    )
    return [
        MandateRow(
            id=row.pk,
            entity_id=row.account.entity_id,
            entity_name=row.account.entity.name,
            payer_name=row.payer_name,
            payer_account=row.payer_account,
            is_private=row.is_private,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            is_withdrawn=row.withdrawn_at is not None,
            document_public_id=public_id("doc", row.document_id) if row.document_id else "",
        )
        for row in found.select_related("account__entity").order_by("-id")
    ]


def papers_of(frame: Frame, customer_public_id: str) -> list[PaperChoice]:
    """The documents kept with a customer's accounts in the frame."""
    accounts = CustomerAccount.objects.filter(
        frame.visible(""), customer_id=inner_id("cus", customer_public_id) or 0
    ).select_related("entity")
    by_id = {account.pk: account for account in accounts}
    links = DocumentLink.objects.filter(
        kind=LinkKind.ACCOUNT.value, object_id__in=list(by_id), document__withdrawn_at=None
    ).select_related("document")
    return [
        PaperChoice(
            link.object_id,
            by_id[link.object_id].entity_id,
            by_id[link.object_id].entity.name,
            link.document_id,
            link.document.name,
        )
        for link in links.order_by("-document_id")
    ]


def payer_of(account_id: int, payer_name: str, payer_account: str, on: date) -> Payer:
    """What is known of who paid money that is a customer account's."""
    account = CustomerAccount.objects.select_related("customer").filter(id=account_id).first()
    if account is None:
        return Payer.UNSAID
    customer_id = account.customer_id
    aliases = CustomerAlias.objects.filter(customer_id=customer_id).values_list("name", flat=True)
    names = [account.customer.name, *aliases]
    own = CustomerPayerAccount.objects.filter(customer_id=customer_id).values_list("number", flat=True)
    rows = PaymentMandate.objects.filter(account_id=account_id, withdrawn_at=None)
    papers = [Mandate(row.payer_name, row.payer_account, row.valid_from, row.valid_to) for row in rows]
    return judge_payer(payer_name, payer_account, on, own_names=names, own_accounts=own, mandates=papers)


def payer_of_receipt(receipt_public_id: str, payer_name: str, payer_account: str, on: date) -> Payer:
    """``payer_of`` for a receipt as it stands now; nothing is said while nobody knows whose it is."""
    number = inner_id("rcp", receipt_public_id)
    account_id = ReceiptBalance.objects.filter(receipt_id=number or 0).values_list("account_id", flat=True).first()
    return Payer.UNSAID if account_id is None else payer_of(account_id, payer_name, payer_account, on)
