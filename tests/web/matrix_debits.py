"""What direct debits add to the world in which everybody asks for every page."""

from __future__ import annotations

from huikuan.core.rights import Right
from huikuan.store.models import (
    BankAccount,
    CustomerAccount,
    DebitMandate,
    DebitPayment,
    DebitPaymentItem,
    DebitRun,
    OpenItem,
)
from huikuan.store.public_ids import public_id
from tests.web.world import START

SEE, CASH = Right.SEE_LEDGER, Right.POST_CASH
DEBIT_PAGES: dict[str, tuple[Right, str, str, bool]] = {
    "debits": (SEE, "G", "", True),
    "debit_new": (CASH, "GP", "", True),
    "debit_payments": (SEE, "G", "", True),
    "debit_mandates": (SEE, "G", "", False),
    "debit_mandate_new": (Right.EDIT_PAYER_ACCOUNT, "G", "", False),
    "debit_recall": (CASH, "GP", "debit_run", True),
    "debit_recall_answer": (CASH, "P", "debit_run", True),
    "debit_recall_file": (CASH, "G", "debit_run", True),
    "debit_report": (CASH, "GP", "", True),
    "debit_back": (CASH, "GP", "debit_payment", True),
    "debit_run": (SEE, "G", "debit_run", True),
    "debit_approve": (Right.APPROVE_DEBIT, "P", "debit_run", True),
    "debit_act": (CASH, "P", "debit_run", True),
    "debit_file": (CASH, "G", "debit_run", True),
    "customer_debits": (Right.EDIT_PAYER_ACCOUNT, "GP", "customer", False),
    "debit_mandate_act": (Right.EDIT_PAYER_ACCOUNT, "P", "customer", False),
    "debit_mandate_amend": (Right.EDIT_PAYER_ACCOUNT, "GP", "customer", False),
    "debit_creditor": (Right.MANAGE_POLICY, "GP", "", True),
}
"""By page: the right, the methods, the sort of object in its address, whether it is about all customers."""


def debits_of(account: CustomerAccount, whose: str) -> dict[str, str]:
    """A collection proposed with one payment of a customer."""
    item = OpenItem.objects.filter(account=account).order_by("id")[0]
    ours = BankAccount.objects.filter(entity_id=account.entity_id).order_by("id")[0]
    mandate = DebitMandate.objects.create(
        entity_id=account.entity_id, account=account, reference=f"M-{whose}", payer_name=f"Holder {whose}",
        payer_iban="DE75512108001245126199", signed_on=START.date(), recorded_at=START,
    )  # fmt: skip
    day = START.date()
    run = DebitRun.objects.create(
        entity_id=account.entity_id, number=f"DD-2026-{whose}", bundle="customer", due_by=day, due_on=day,
        notice_on=day, file_on=day, creditor_id="DE98ZZZ09999999999", creditor_name="X", creditor_iban="X",
        bank_account=ours, proposed_at=START,
    )  # fmt: skip
    payment = DebitPayment.objects.create(
        run=run, mandate=mandate, account=account, ordinal=1, end_to_end_id=f"{run.number}-1", sequence="FRST",
        amount_minor=1_00, mandate_reference=mandate.reference, payer_name=mandate.payer_name,
        payer_iban=mandate.payer_iban,
    )  # fmt: skip
    DebitPaymentItem.objects.create(payment=payment, item=item, amount_minor=1_00)
    return {"debit_run": public_id("ddr", run.pk), "debit_payment": public_id("ddp", payment.pk)}
