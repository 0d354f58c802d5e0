"""camt.055: the message by which a bank is asked not to carry out direct debits that it has already.

Banks ask each other by camt.056; what a customer of a bank sends is camt.055.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from huikuan.bank.xml_writing import add, add_totals, latin, money, new_message, written

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.055.001.05"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A direct debit to recall: its end-to-end id and the payment information (``batch``) it stands in. ``amount`` in
    euro; ``due_date``: the day of the collection."""

    end_to_end_id: str
    batch: str
    amount: Decimal
    due_date: date


def write_camt055(
    payments: Sequence[Recalled],
    *,
    message_id: str,
    original_id: str,
    creditor: str,
    bic: str,
    reason: str,
    now: datetime,
) -> bytes:
    """The message, payments by batch. ``original_id``: the pain.008 they came in; ``reason``: an ISO code (``DUPL``);
    ``bic``: our bank's, where it is known."""
    root = new_message(NAMESPACE, "CstmrPmtCxlReq")
    assignment = add(root, "Assgnmt")
    add(assignment, "Id", message_id)
    add(add(add(assignment, "Assgnr"), "Pty"), "Nm", latin(creditor, 70))
    agent = add(add(add(assignment, "Assgne"), "Agt"), "FinInstnId")
    if bic:
        add(agent, "BICFI", bic)
    else:
        add(add(agent, "Othr"), "Id", "NOTPROVIDED")
    add(assignment, "CreDtTm", now.replace(microsecond=0).isoformat())
    add_totals(add(root, "CtrlData"), (one.amount for one in payments))
    batches: dict[str, list[Recalled]] = defaultdict(list)
    for one in payments:
        batches[one.batch].append(one)
    underlying = add(root, "Undrlyg")
    for name, rows in sorted(batches.items()):
        batch = add(underlying, "OrgnlPmtInfAndCxl")
        add(batch, "OrgnlPmtInfId", name)
        group = add(batch, "OrgnlGrpInf")
        add(group, "OrgnlMsgId", original_id)
        add(group, "OrgnlMsgNmId", "pain.008.001.02")
        add_totals(batch, (one.amount for one in rows))
        add(batch, "PmtInfCxl", "false")
        for number, one in enumerate(rows, 1):
            payment = add(batch, "TxInf")
            add(payment, "CxlId", f"{name}-R{number}"[-35:])
            add(payment, "OrgnlEndToEndId", one.end_to_end_id)
            add(payment, "OrgnlInstdAmt", money(one.amount)).set("Ccy", "EUR")
            add(payment, "OrgnlReqdColltnDt", one.due_date.isoformat())
            add(add(add(payment, "CxlRsnInf"), "Rsn"), "Cd", reason)
    return written(root)
