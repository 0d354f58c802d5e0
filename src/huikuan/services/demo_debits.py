"""The demo's direct debits: customers abroad who signed mandates, a collection that came in and of which one payment
went back, and one that waits for approval."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.db.models import Count

from huikuan.core.direct_debits import CURRENCY, Scheme
from huikuan.core.ibans import is_iban
from huikuan.core.money import to_decimal
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.debit_mandates import NewCreditor, NewDebitMandate, add_debit_mandate, set_creditor
from huikuan.services.debit_planning import NewRun, plan_run
from huikuan.services.debit_runs import approve_run, mark_sent, note_customers_told, propose_run
from huikuan.store.models import (
    BankAccount,
    CustomerAccount,
    DebitCreditor,
    DebitPayment,
    DebitRun,
    Entity,
    OpenItem,
)

CREDITOR_ID = "DE98ZZZ09999999999"
_NOTICE_DAYS = 5
"""Agreed with the customers: fewer than the usual fourteen."""
_BEFORE = timedelta(days=14)
_MANDATES = 8
_COLLECTED = 3
"""Customers in the collection that came in, at most; the last one's payment goes back."""
_ZONE = ZoneInfo("Europe/Berlin")


def add_debits(last: date, *, clerk_id: int, chief_id: int, now: datetime) -> None:
    """Mandates and collections of the entity whose books are in euro; again, nothing more happens. Who adds the bank
    statements afterwards seals."""
    entity = Entity.objects.filter(code="YX", currency=CURRENCY).first()
    account = BankAccount.objects.filter(entity=entity, currency=CURRENCY).order_by("id").first()
    if entity is None or account is None or DebitCreditor.objects.filter(entity=entity).exists():
        return
    evening = min(datetime.combine(last, time(19, 0), _ZONE), now)
    before = evening - _BEFORE
    set_creditor(
        entity.pk,
        NewCreditor(CREDITOR_ID, account.pk, notice_days=_NOTICE_DAYS),
        actor_id=chief_id,
        now=before,
    )
    _add_mandates(entity.pk, before.date(), chief_id, before)
    payers = [one.account_id for one in plan_run(entity.pk, NewRun(), today=before.date()).payments]
    if payers:
        _collect(entity.pk, account, payers[:_COLLECTED], (clerk_id, chief_id), before, evening)
    if plan_run(entity.pk, NewRun(), today=evening.date()).payments:
        propose_run(entity.pk, NewRun(), actor_id=clerk_id, now=evening)


def _add_mandates(entity_id: int, today: date, chief_id: int, now: datetime) -> None:
    """Of customers with an IBAN who owe little: those who owe most are whom the bank's open lines are from."""
    owed = OpenItem.objects.filter(entity_id=entity_id, currency=CURRENCY, balance__open_minor__gt=0)
    counts = owed.values("account_id").annotate(n=Count("id")).order_by("n", "account_id")
    accounts = CustomerAccount.objects.prefetch_related("customer__payer_accounts").in_bulk(
        [row["account_id"] for row in counts]
    )
    kept = 0
    for account in (accounts[row["account_id"]] for row in counts):
        ibans = [one.number for one in account.customer.payer_accounts.all() if is_iban(one.number)]
        if not ibans or kept == _MANDATES:
            continue
        kept += 1
        scheme = Scheme.B2B if kept % 3 == 0 else Scheme.CORE
        signed_on = today - timedelta(days=30 + kept)
        new = NewDebitMandate(account.pk, f"YX-{today.year}-{kept:04d}", ibans[0], signed_on, scheme=scheme)
        add_debit_mandate(new, actor_id=chief_id, now=now)


def _collect(
    entity_id: int,
    account: BankAccount,
    payers: list[int],
    people: tuple[int, int],
    before: datetime,
    evening: datetime,
) -> None:
    """Proposed two weeks ago, in the statement that came last: the batch, and a payment taken back two days later."""
    clerk_id, chief_id = people
    new = NewRun(account_ids=tuple(payers))
    number = propose_run(entity_id, new, actor_id=clerk_id, now=before)
    note_customers_told(number, on=before.date(), actor_id=clerk_id, now=before)
    approve_run(number, actor_id=chief_id, now=before)
    mark_sent(number, on=before.date(), actor_id=clerk_id, now=before)
    run = DebitRun.objects.get(id=number)
    payments = list(run.payments.order_by("ordinal"))
    gone = payments[-1]
    returned_on = min(run.due_on + timedelta(days=2), evening.date())
    entries = [_entry(run.due_on, one, to_decimal(one.amount_minor, CURRENCY)) for one in payments]
    entries.append(_entry(returned_on, gone, -to_decimal(gone.amount_minor, CURRENCY) - _CHARGE, "AM04"))
    text = _STATEMENT.format(
        iban=account.number, first=run.due_on, last=returned_on, at=evening.date(), entries="".join(entries)
    )
    upload = keep_upload([BankFile("direct-debits.xml", text.encode())], actor_id=clerk_id, now=evening)
    work_upload(upload, actor_id=clerk_id, now=evening)


def _entry(day: date, payment: DebitPayment, amount: Decimal, reason: str = "") -> str:
    sign, code = ("CRDT", "ESDD") if amount > 0 else ("DBIT", "UPDD")
    why = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return _ENTRY.format(
        amount=abs(amount),
        sign=sign,
        code=code,
        day=day,
        id=payment.end_to_end_id,
        ref=f"{payment.end_to_end_id}/{reason or 'IN'}",
        mandate=escape(payment.mandate.reference),
        name=escape(payment.mandate.payer_name),
        why=why,
    )


_CHARGE = Decimal("3.50")
_STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>DD</MsgId>
<CreDtTm>{at}T18:00:00</CreDtTm></GrpHdr><Stmt><Id>DD-{first}</Id>
<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"""
_ENTRY = """
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{ref}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId><MndtId>{mandate}</MndtId></Refs>
<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>{why}</TxDtls></NtryDtls></Ntry>"""
