"""Books in euro whose entity may collect by direct debit, the steps of a collection, and what banks send about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from huikuan.bank.reading import read_statements
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_import import StatementFile, import_statement
from huikuan.services.debit_mandates import NewCreditor, NewDebitMandate, add_debit_mandate, set_creditor
from huikuan.services.debit_planning import NewRun
from huikuan.services.debit_runs import approve_run, mark_sent, propose_run
from huikuan.store.models import BankLine, DebitRun
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import Ledger

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
WHO: dict[str, Any] = {"actor_id": None, "now": NOW}
DUE = date(2026, 4, 7)
CREDITOR = "DE98ZZZ09999999999"
PAYERS = {"C1": "DE75512108001245126199", "C2": "FR1420041010050500013M02606", "C3": "NL91ABNA0417164300"}


class Debits:
    """Books in euro whose entity may collect, and the steps of a collection by the shell."""

    def __init__(self) -> None:
        self.ledger = Ledger(currency="EUR")
        self.entity_id = self.ledger.entity_id
        self.account_id = add_account(self.entity_id, NewAccount("Main", IBAN, currency="EUR"), **WHO)
        set_creditor(self.entity_id, NewCreditor(CREDITOR, self.account_id), **WHO)
        self.files = 0

    def mandate(self, name: str = "C1", **more: Any) -> int:
        account = self.ledger.customer(name)
        given = {"reference": f"M-{name}", "payer_iban": PAYERS[name], "signed_on": date(2026, 1, 5)} | more
        return add_debit_mandate(NewDebitMandate(account, **given), **WHO)

    def item(self, amount: int, name: str = "C1", due: date = date(2026, 3, 31), **more: Any) -> int:
        return self.ledger.item(amount, customer=name, due=due, **more)

    def propose(self, **more: Any) -> DebitRun:
        return DebitRun.objects.get(id=propose_run(self.entity_id, NewRun(**more), **WHO))

    def at_bank(self, **more: Any) -> DebitRun:
        run = self.propose(**more)
        approve_run(run.pk, **WHO)
        mark_sent(run.pk, on=NOW.date(), **WHO)
        run.refresh_from_db()
        return run

    def statement(self, rows: Sequence[Row], batch: str = "") -> list[int]:
        """Imports a statement of the day of collection; gives its new lines."""
        self.files += 1
        data = camt053(
            rows, first="2026-04-07", last="2026-04-07", number=str(self.files), opening=f"{self.files}000.00"
        )
        (statement,) = read_statements(data, "a.xml")
        if batch:
            statement = replace(statement, lines=tuple(replace(one, batch_id=batch) for one in statement.lines))
        seen = set(BankLine.objects.values_list("id", flat=True))
        import_statement(self.account_id, statement, StatementFile("a.xml", f"{self.files:064d}", len(data)), **WHO)
        return list(BankLine.objects.exclude(id__in=seen).order_by("id").values_list("id", flat=True))

    def open_of(self, item_id: int) -> int:
        return self.ledger.open_of(item_id)[0]


def money(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def row(minor: int, **more: Any) -> Row:
    return Row(money(minor), day="2026-04-07", ref=f"R{minor}{more.get('e2e', '')}", code="PMNT/IDDT/ESDD", **more)


def states(run: DebitRun) -> list[str]:
    return list(run.payments.order_by("ordinal").values_list("state", flat=True))


def pain002(message: str, payments: Sequence[tuple[str, str]], group: str = "") -> bytes:
    """A bank's report: payments of a message refused, each with its reason; or all of it."""
    told = "".join(
        f"<TxInfAndSts><StsId>{n}</StsId><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
        f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf><OrgnlTxRef><Amt><InstdAmt Ccy='EUR'>200.00</InstdAmt>"
        "</Amt><ReqdColltnDt>2026-04-07</ReqdColltnDt></OrgnlTxRef></TxInfAndSts>"
        for n, (e2e, reason) in enumerate(payments, 1)
    )
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    batch = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message}-1</OrgnlPmtInfId>{told}</OrgnlPmtInfAndSts>" if told else ""
    return (
        "<?xml version='1.0'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.002.001.03'><CstmrPmtStsRpt>"
        "<GrpHdr><MsgId>X</MsgId><CreDtTm>2026-03-20T10:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.008</OrgnlMsgNmId>{status}</OrgnlGrpInfAndSts>"
        f"{batch}</CstmrPmtStsRpt></Document>"
    ).encode()


def camt029(message: str, payments: Sequence[tuple[str, str, str]], conf: str = "", batch: str = "") -> bytes:
    """A bank's answer to a recall: payments with status and reason; or for all of a batch."""
    told = "".join(
        f"<TxInfAndSts><CxlStsId>{n}</CxlStsId><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxCxlSts>{status}</TxCxlSts>"
        f"<CxlStsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></CxlStsRsnInf></TxInfAndSts>"
        for n, (e2e, status, reason) in enumerate(payments, 1)
    )
    whole = f"<OrgnlPmtInfId>{batch or message + '-1'}</OrgnlPmtInfId>"
    return (
        "<?xml version='1.0'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.029.001.06'><RsltnOfInvstgtn>"
        "<Assgnmt><Id>A</Id><Assgnr><Agt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></Agt></Assgnr>"
        "<Assgne><Pty><Nm>X</Nm></Pty></Assgne><CreDtTm>2026-03-20T10:00:00</CreDtTm></Assgnmt>"
        f"<Sts><Conf>{conf or 'INFO'}</Conf></Sts><CxlDtls><OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.008</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>{whole}{told}"
        "</OrgnlPmtInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>"
    ).encode()
