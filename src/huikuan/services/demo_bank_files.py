"""Files as the demo company's banks send them: a Chinese bank's table and a European bank's camt.053."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

HD_NUMBER = "1001241709006748231"
YX_IBAN = "DE45500700100123456701"


@dataclass(frozen=True, slots=True)
class DemoLine:
    """One line; ``amount`` in major units, credits positive."""

    day: date
    amount: Decimal
    name: str
    account: str
    text: str
    reference: str
    end_to_end: str = ""
    returned: str = ""


def chinese_table(lines: Sequence[DemoLine], opening: Decimal) -> bytes:
    """A bank's export as companies download it: some lines above, credit and debit in columns, GB 18030."""
    rows = [
        "账户明细查询",
        f"账号：{HD_NUMBER},户名：华东云岫机电有限公司,币种：人民币,开户行：云城银行",
        "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,附言",
    ]
    balance = opening
    for line in lines:
        balance += line.amount
        paid, received = (f"{-line.amount:.2f}", "") if line.amount < 0 else ("", f"{line.amount:.2f}")
        kind = "转账" if line.name else "费用"
        cells = (f"{line.day:%Y-%m-%d}", line.reference, paid, received, f"{balance:.2f}", line.name, line.account)
        rows.append(",".join((*cells, kind, f'"{line.text}"')))
    return ("\r\n".join(rows) + "\r\n").encode("gb18030")


def camt053(lines: Sequence[DemoLine], day: date, opening: Decimal, number: int) -> bytes:
    """A statement of one day."""
    closing = sum((line.amount for line in lines), opening)
    body = "".join(_entry(line) for line in lines)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>YX{number:05}</MsgId>
<CreDtTm>{day}T21:00:00</CreDtTm></GrpHdr><Stmt><Id>YX{number:05}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>
<FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>{YX_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>
{_balance("OPBD", opening, day)}{_balance("CLBD", closing, day)}
{body}</Stmt></BkToCstmrStmt></Document>
""".encode()


def _sides(amount: Decimal) -> tuple[str, str]:
    return f"{abs(amount):.2f}", "DBIT" if amount < 0 else "CRDT"


def _balance(kind: str, amount: Decimal, day: date) -> str:
    plain, side = _sides(amount)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{plain}</Amt>"
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def _entry(line: DemoLine) -> str:
    plain, side = _sides(line.amount)
    family = ("ICDT", "RRTN") if line.returned else ("RCDT", "ESCT") if line.amount > 0 else ("MCOP", "CHRG")
    party = "Dbtr" if line.amount > 0 or line.returned else "Cdtr"
    name = f"<{party}><Pty><Nm>{escape(line.name)}</Nm></Pty></{party}>" if line.name else ""
    account = f"<{party}Acct><Id><IBAN>{line.account}</IBAN></Id></{party}Acct>" if line.account else ""
    parties = f"<RltdPties>{name}{account}</RltdPties>" if name or account else ""
    told = f"<Refs><EndToEndId>{escape(line.end_to_end)}</EndToEndId></Refs>" if line.end_to_end else ""
    why = f"<RtrInf><Rsn><Cd>{line.returned}</Cd></Rsn></RtrInf>" if line.returned else ""
    amount = f"<Amt Ccy='EUR'>{plain}</Amt><CdtDbtInd>{side}</CdtDbtInd>"
    return (
        f"<Ntry>{amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family[0]}</Cd>"
        f"<SubFmlyCd>{family[1]}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>{told}{amount}{parties}"
        f"<RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf>{why}</TxDtls></NtryDtls></Ntry>\n"
    )
