"""A mandate that goes on in another shape: the customer has a new account, we a new creditor identifier or another
reference. The next collection tells the bank what it was before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from huikuan.core.direct_debits import PaymentState, check_reference
from huikuan.core.refusals import Refusal
from huikuan.core.texts import check_texts
from huikuan.services.debit_mandates import (
    check_bic,
    check_paper,
    check_reference_free,
    plain_iban,
    standing_mandate,
    tell_mandate,
    valid_iban,
)
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    CustomerPayerAccount,
    DebitMandateVersion,
    DebitPayment,
    DebitRun,
    Entity,
)

_HEARD = (PaymentState.SENT.value, PaymentState.COLLECTED.value, PaymentState.RETURNED.value)
"""What was rejected may not have come to the payer's bank: it is told again."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is different from now on; what is empty stays. With a new IBAN the BIC is the new account's, also an empty
    one. ``document_id``: the customer's word for it, kept with its account."""

    reference: str = ""
    payer_iban: str = ""
    payer_bic: str = ""
    payer_name: str = ""
    document_id: int | None = None


def amend_debit_mandate(mandate_id: int, new: Amendment, *, actor_id: int | None, now: datetime) -> None:
    """Keeps the mandate as it was and goes on with it as it is said to be; what is at the bank already is collected as
    it was. A blocked mandate stays blocked until somebody says that it may be used again.

    Refuses ``debit_mandate.unknown``, ``debit_mandate.revoked``, ``debit_mandate.not_amended`` (nothing is different),
    ``debit_mandate.reference``, ``debit_mandate.exists``, ``debit_mandate.iban``, ``debit_mandate.bic``,
    ``debit_mandate.paper`` and ``right.missing``.
    """
    check_texts(new, {"payer_name": 200})
    reference = new.reference.strip()
    iban = valid_iban(new.payer_iban) if plain_iban(new.payer_iban) else ""
    bic = check_bic(new.payer_bic)
    if reference:
        check_reference(reference)

    def work() -> None:
        row = standing_mandate(mandate_id, actor_id)
        list(Entity.objects.select_for_update(no_key=True).filter(id=row.entity_id))
        before = DebitMandateVersion(
            mandate=row,
            reference=row.reference,
            payer_name=row.payer_name,
            payer_iban=row.payer_iban,
            payer_bic=row.payer_bic,
            document_id=row.document_id,
            amended_at=now,
            actor_id=actor_id,
        )
        row.reference = reference or row.reference
        row.payer_bic = bic if iban else bic or row.payer_bic
        row.payer_iban = iban or row.payer_iban
        row.payer_name = new.payer_name.strip() or row.payer_name
        kept = ("reference", "payer_iban", "payer_bic", "payer_name")
        changed = [name for name in kept if getattr(row, name) != getattr(before, name)]
        if not changed:
            raise Refusal("debit_mandate.not_amended", "Say what is different from now on.")
        if "reference" in changed:
            check_reference_free(row.entity_id, row.reference, row.pk)
        check_paper(new.document_id, row.account)
        row.document_id = new.document_id or row.document_id
        before.save()
        row.save(update_fields=[*kept, "document_id"])
        CustomerPayerAccount.objects.get_or_create(customer_id=row.account.customer_id, number=row.payer_iban)
        tell_mandate("debit_mandate.amended", row, actor_id, now, fields=changed)

    run_in_transaction(work)


def keep_mandates(run: DebitRun, payments: Iterable[DebitPayment]) -> None:
    """Writes into payments what their mandates are now, and what the bank does not know of it yet; not saved."""
    rows = list(payments)
    heard = _last_heard([payment.mandate_id for payment in rows])
    for payment in rows:
        mandate, last = payment.mandate, heard.get(payment.mandate_id)
        payment.mandate_reference = mandate.reference
        payment.payer_name, payment.payer_iban = mandate.payer_name, mandate.payer_iban
        payment.payer_bic = mandate.payer_bic
        payment.original_reference = payment.original_creditor_id = ""
        payment.is_new_account = last is not None and last.payer_iban != mandate.payer_iban
        if last is not None and last.mandate_reference != mandate.reference:
            payment.original_reference = last.mandate_reference
        if last is not None and last.run.creditor_id != run.creditor_id:
            payment.original_creditor_id = last.run.creditor_id


KEPT = (
    "mandate_reference payer_name payer_iban payer_bic original_reference original_creditor_id is_new_account"
).split()
"""The fields that ``keep_mandates`` writes."""


def _last_heard(mandate_ids: Iterable[int]) -> dict[int, DebitPayment]:
    """By mandate, the payment by which its bank heard of it last."""
    found = DebitPayment.objects.filter(mandate_id__in=set(mandate_ids), state__in=_HEARD).select_related("run")
    return {payment.mandate_id: payment for payment in found.order_by("run__due_on", "id")}
