"""Mandates for SEPA direct debits, and what an entity collects as."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.banking import plain_number
from huikuan.core.direct_debits import CURRENCY, Scheme, Use, check_reference
from huikuan.core.documents import LinkKind
from huikuan.core.ibans import is_creditor_id, is_iban
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_texts
from huikuan.services.auditing import record
from huikuan.services.debit_state import today_of
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    BankAccount,
    CustomerAccount,
    CustomerPayerAccount,
    DebitCreditor,
    DebitMandate,
    DebitMandateVersion,
    DocumentLink,
    Entity,
)

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
NOTICE_MAX, BANK_MAX = 60, 10


@dataclass(frozen=True, slots=True)
class NewDebitMandate:
    """A mandate as it was signed. ``document_id``: the paper, kept with the customer's account; ``payer_name`` empty:
    the customer's own name."""

    account_id: int
    reference: str
    payer_iban: str
    signed_on: date
    payer_name: str = ""
    payer_bic: str = ""
    scheme: Scheme = Scheme.CORE
    use: Use = Use.RECURRENT
    document_id: int | None = None


def add_debit_mandate(new: NewDebitMandate, *, actor_id: int | None, now: datetime) -> int:
    """Keeps a mandate; gives its number. The account is known as one the customer pays from.

    Refuses ``account.unknown``, ``debit_mandate.reference``, ``debit_mandate.exists`` (the reference is used),
    ``debit_mandate.iban``, ``debit_mandate.bic``, ``debit_mandate.signed_ahead``, ``debit_mandate.paper`` and
    ``right.missing``.
    """
    check_texts(new, {"payer_name": 200})
    reference = new.reference.strip()
    check_reference(reference)
    iban, bic = valid_iban(new.payer_iban), check_bic(new.payer_bic)

    def work() -> int:
        account = CustomerAccount.objects.select_related("customer").filter(id=new.account_id).first()
        if account is None:
            raise Refusal("account.unknown", "there is no account {account} in this entity", account=new.account_id)
        entity_id = account.entity_id
        demand(actor_id, Right.EDIT_PAYER_ACCOUNT, entity_id=entity_id, account_id=account.pk)
        list(Entity.objects.select_for_update(no_key=True).filter(id=entity_id))
        if new.signed_on > today_of(entity_id, now):
            raise Refusal("debit_mandate.signed_ahead", "A mandate is not signed in the future.")
        check_reference_free(entity_id, reference)
        check_paper(new.document_id, account)
        row = DebitMandate.objects.create(
            entity_id=entity_id,
            account=account,
            reference=reference,
            scheme=new.scheme.value,
            use=new.use.value,
            payer_name=new.payer_name.strip() or account.customer.name[:200],
            payer_iban=iban,
            payer_bic=bic,
            signed_on=new.signed_on,
            document_id=new.document_id,
            recorded_at=now,
            actor_id=actor_id,
        )
        CustomerPayerAccount.objects.get_or_create(customer_id=account.customer_id, number=iban)
        tell_mandate("debit_mandate.added", row, actor_id, now)
        return int(row.pk)

    return run_in_transaction(work)


def plain_iban(text: str) -> str:
    """An IBAN as it is kept: no blanks, capitals."""
    return plain_number(text).upper()


def check_reference_free(entity_id: int, reference: str, mandate_id: int | None = None) -> None:
    """Refuses ``debit_mandate.exists``: another mandate than this one has the reference, or had it."""
    now = DebitMandate.objects.filter(entity_id=entity_id, reference=reference).exclude(pk=mandate_id or 0)
    before = DebitMandateVersion.objects.filter(mandate__entity_id=entity_id, reference=reference)
    if now.exists() or before.exclude(mandate_id=mandate_id or 0).exists():
        raise Conflict("debit_mandate.exists", "The reference {reference} is used already.", reference=reference)


def valid_iban(text: str) -> str:
    """An IBAN as it is kept. Refuses ``debit_mandate.iban``."""
    iban = plain_iban(text)
    if not is_iban(iban):
        raise Refusal("debit_mandate.iban", "The check digits of the IBAN do not fit: look at it again.")
    return iban


def check_bic(text: str) -> str:
    """A BIC as it is kept, or nothing. Refuses ``debit_mandate.bic``."""
    bic = text.strip().upper()
    if bic and not _BIC.fullmatch(bic):
        raise Refusal("debit_mandate.bic", "{bic} is no BIC.", bic=bic[:20])
    return bic


def check_paper(document_id: int | None, account: CustomerAccount) -> None:
    """Refuses ``debit_mandate.paper``: a document that is not kept with this account."""
    if document_id is None:
        return
    kept = DocumentLink.objects.filter(
        document_id=document_id, kind=LinkKind.ACCOUNT.value, object_id=account.pk, document__withdrawn_at=None
    )
    if not kept.exists():
        raise Refusal("debit_mandate.paper", "The document is not kept with this customer.")


def revoke_debit_mandate(mandate_id: int, *, on: date, actor_id: int | None, now: datetime) -> None:
    """The customer took the leave back. Payments that are at the bank already are not called back by it.

    Refuses ``debit_mandate.unknown``, ``debit_mandate.revoked`` and ``right.missing``.
    """

    def work() -> None:
        row = standing_mandate(mandate_id, actor_id)
        row.revoked_on = on
        row.save(update_fields=["revoked_on"])
        tell_mandate("debit_mandate.revoked", row, actor_id, now)

    run_in_transaction(work)


def unblock_debit_mandate(mandate_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Somebody asked the customer, and the mandate may be used again. Refuses ``debit_mandate.unknown``,
    ``debit_mandate.revoked``, ``debit_mandate.not_blocked`` and ``right.missing``."""

    def work() -> None:
        row = standing_mandate(mandate_id, actor_id)
        if row.blocked_at is None:
            raise Refusal("debit_mandate.not_blocked", "The mandate is not blocked.")
        row.blocked_at, row.blocked_reason = None, ""
        row.save(update_fields=["blocked_at", "blocked_reason"])
        tell_mandate("debit_mandate.unblocked", row, actor_id, now)

    run_in_transaction(work)


def end_debit_mandate(mandate_id: int, *, is_ending: bool, actor_id: int | None, now: datetime) -> None:
    """Says whether the next collection of a recurrent mandate is its last (FNAL). Refuses as ``revoke_debit_mandate``
    does, and ``debit_mandate.one_off``."""

    def work() -> None:
        row = standing_mandate(mandate_id, actor_id)
        if row.use == Use.ONE_OFF:
            raise Refusal("debit_mandate.one_off", "The mandate is for one collection anyway.")
        row.is_ending = is_ending
        row.save(update_fields=["is_ending"])
        tell_mandate("debit_mandate.ending", row, actor_id, now)

    run_in_transaction(work)


def standing_mandate(mandate_id: int, actor_id: int | None) -> DebitMandate:
    """A mandate to change, locked. Refuses ``debit_mandate.unknown``, ``debit_mandate.revoked`` and
    ``right.missing``."""
    row = DebitMandate.objects.select_for_update().filter(id=mandate_id).first()
    if row is None:
        raise Refusal("debit_mandate.unknown", "There is no such mandate.")
    demand(actor_id, Right.EDIT_PAYER_ACCOUNT, entity_id=row.entity_id, account_id=row.account_id)
    if row.revoked_on is not None:
        raise Conflict("debit_mandate.revoked", "The mandate was revoked already.")
    return row


def tell_mandate(code: str, row: DebitMandate, actor_id: int | None, now: datetime, **data: object) -> None:
    """Writes into the audit trail what became of a mandate."""
    subject = f"debit_mandate:{row.pk}"
    record(code, now=now, actor_id=actor_id, entity_id=row.entity_id, subject=subject, account=row.account_id, **data)


# -- the creditor ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NewCreditor:
    """What an entity collects as; ``notice_days`` are calendar days, ``bank_days`` TARGET days."""

    creditor_id: str
    bank_account_id: int
    bic: str = ""
    notice_days: int = 14
    bank_days: int = 1


def set_creditor(entity_id: int, new: NewCreditor, *, actor_id: int | None, now: datetime) -> None:
    """Decides for runs to come. Refuses ``debit_creditor.identifier`` (check digits), ``debit_creditor.account`` (no
    account of ours in euro with an IBAN), ``debit_creditor.days``, ``debit_mandate.bic`` and ``right.missing``."""
    identifier, bic = plain_number(new.creditor_id).upper(), check_bic(new.bic)
    if not is_creditor_id(identifier):
        raise Refusal(
            "debit_creditor.identifier", "{text} is no creditor identifier: its check digits do not fit.",
            text=identifier[:35] or "–",
        )  # fmt: skip
    if not (0 <= new.notice_days <= NOTICE_MAX and 1 <= new.bank_days <= BANK_MAX):
        raise Refusal(
            "debit_creditor.days",
            "Notice is {notice} days at most, the bank gets the file 1 to {bank} days before.",
            notice=NOTICE_MAX,
            bank=BANK_MAX,
        )

    def work() -> None:
        demand(actor_id, Right.MANAGE_POLICY, entity_id=entity_id)
        account = BankAccount.objects.filter(id=new.bank_account_id, entity_id=entity_id, is_active=True).first()
        if account is None or account.currency != CURRENCY or not is_iban(account.number):
            raise Refusal("debit_creditor.account", "Choose a bank account of ours in euro that has an IBAN.")
        values = {
            "creditor_id": identifier,
            "bank_account": account,
            "bic": bic,
            "notice_days": new.notice_days,
            "bank_days": new.bank_days,
        }
        DebitCreditor.objects.update_or_create(entity_id=entity_id, defaults=values)
        record(
            "debit_creditor.changed",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            notice_days=new.notice_days,
            bank_days=new.bank_days,
            account=account.pk,
        )

    run_in_transaction(work)


def creditor_of(entity_id: int) -> DebitCreditor:
    """Refuses ``debit_creditor.missing``."""
    found = DebitCreditor.objects.select_related("bank_account", "entity").filter(entity_id=entity_id).first()
    if found is None:
        raise Refusal(
            "debit_creditor.missing", "Give the creditor identifier and the account first: Settings, Direct debits."
        )
    return found
