"""What bank statements add to the world in which everybody asks for every page."""

from __future__ import annotations

from typing import Any

from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.remittances import keep_advices
from huikuan.store.models import BankLine
from huikuan.store.public_ids import public_id
from tests.services.bank_files import IBAN, Row, camt053
from tests.web.world import START


def bank_of(entity_id: int, whose: str) -> dict[str, str]:
    """A bank account of an entity with a statement of one line, handed in by the system."""
    who: dict[str, Any] = {"actor_id": None, "now": START}
    currency, number = ("CNY", "6222000012345678") if whose == "mine" else ("EUR", IBAN)
    account = add_account(entity_id, NewAccount(f"Account {whose}", number, currency=currency), **who)
    row = Row("5.00", ref=f"L-{whose}", name="Somebody")
    upload = keep_upload([BankFile("a.xml", camt053([row], iban=number, currency=currency))], **who)
    (outcome,) = work_upload(upload, **who)
    line = BankLine.objects.get(statement_id=outcome.statement_id)
    told = f"Payer: Somebody\n\nInvoice,Amount\nINV-{whose},5.00\n".encode()
    advice = keep_advices(entity_id, told, "advice.csv", **who).advice_ids[0]
    return {
        "remittance": public_id("rem", advice),
        "bank_account": public_id("bac", account),
        "bank_upload": str(upload),
        "bank_statement": public_id("bst", line.statement_id),
        "bank_line": public_id("bln", line.pk),
    }
