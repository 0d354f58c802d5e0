"""Statements as banks send them, made for tests: camt.053, and lines to put into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

IBAN = "DE89370400440532013000"


@dataclass(frozen=True)
class Row:
    """One entry: ``amount`` in major units, credits positive."""

    amount: str
    day: str = "2026-03-10"
    ref: str = ""
    e2e: str = ""
    name: str = ""
    account: str = ""
    text: str = ""
    code: str = "PMNT/RCDT/ESCT"
    returned: str = ""
    status: str = "BOOK"


def camt053(
    rows: Sequence[Row],
    *,
    iban: str = IBAN,
    currency: str = "EUR",
    opening: str = "1000.00",
    closing: str | None = None,
    first: str = "2026-03-10",
    last: str = "2026-03-10",
    number: str = "1",
) -> bytes:
    """A statement of one account. ``closing``: what ties, unless it is given."""
    end = closing
    if end is None:
        booked = [Decimal(row.amount) for row in rows if row.status == "BOOK"]
        end = str(sum(booked, Decimal(opening)))
    entries = "".join(_entry(row, currency) for row in rows)
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M{number}</MsgId>
<CreDtTm>{last}T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>
<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>
{_balance("OPBD", opening, currency, first)}{_balance("CLBD", end, currency, last)}
{entries}</Stmt></BkToCstmrStmt></Document>"""
    return text.encode()


def _sign(amount: str) -> tuple[str, str]:
    return amount.removeprefix("-"), "DBIT" if amount.startswith("-") else "CRDT"


def _balance(kind: str, amount: str, currency: str, day: str) -> str:
    plain, sign = _sign(amount)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{plain}</Amt>"
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(row: Row, currency: str) -> str:
    plain, sign = _sign(row.amount)
    domain, family, sub = row.code.split("/")
    party, agent = ("Dbtr", "DbtrAcct") if sign == "CRDT" else ("Cdtr", "CdtrAcct")
    name = f"<{party}><Pty><Nm>{escape(row.name)}</Nm></Pty></{party}>" if row.name else ""
    account = f"<{agent}><Id><IBAN>{row.account}</IBAN></Id></{agent}>" if row.account else ""
    parties = f"<RltdPties>{name}{account}</RltdPties>" if name or account else ""
    text = f"<RmtInf><Ustrd>{escape(row.text)}</Ustrd></RmtInf>" if row.text else ""
    refs = f"<Refs><EndToEndId>{escape(row.e2e)}</EndToEndId></Refs>" if row.e2e else ""
    returned = f"<RtrInf><Rsn><Cd>{row.returned}</Cd></Rsn></RtrInf>" if row.returned else ""
    servicer = f"<AcctSvcrRef>{escape(row.ref)}</AcctSvcrRef>" if row.ref else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{plain}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>{row.status}</Cd></Sts>"
        f"<BookgDt><Dt>{row.day}</Dt></BookgDt><ValDt><Dt>{row.day}</Dt></ValDt>{servicer}"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls>{refs}<Amt Ccy='{currency}'>{plain}</Amt><CdtDbtInd>{sign}</CdtDbtInd>"
        f"{parties}{text}{returned}</TxDtls></NtryDtls></Ntry>"
    )
