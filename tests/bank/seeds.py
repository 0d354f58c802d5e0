# ruff: noqa: E501 - files as banks write them
"""A statement in every format, made by us: 1,000.00 at first, three payments, 1,234.56 at last."""

from __future__ import annotations

from tests.bank.layouts import CHINESE, WESTERN

CAMT_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    "<BkToCstmrStmt>\n<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-04-16T06:00:00+02:00</CreDtTm></GrpHdr>\n"
    "<Stmt><Id>STMT-7</Id><ElctrncSeqNb>7</ElctrncSeqNb>\n"
    "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>Demo GmbH</Nm></Ownr>"
    "<Svcr><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></Svcr></Acct>\n"
)


def balance(code: str, amount: str, day: str = "2026-04-15", mark: str = "CRDT") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def entry(amount: str, details: str = "", mark: str = "CRDT", status: str = "BOOK", more: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{more}<Sts><Cd>{status}</Cd></Sts>'
        "<BookgDt><Dt>2026-04-15</Dt></BookgDt><ValDt><Dt>2026-04-16</Dt></ValDt><AcctSvcrRef>REF-1</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>\n"
    )


def detail(amount: str, name: str, text: str, more: str = "", reference: str = "E2E-1") -> str:
    return (
        f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>"
        "<DbtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></DbtrAcct>"
        f"<UltmtDbtr><Pty><Nm>Mother {name}</Nm></Pty></UltmtDbtr></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>{more}"
        "</TxDtls>"
    )


CAMT_TAIL = "</Stmt></BkToCstmrStmt></Document>\n"
CAMT = (
    CAMT_HEAD
    + balance("OPBD", "1000.00")
    + balance("CLBD", "1234.56")
    + entry("300.00", detail("300.00", "ACME Ltd", "INV 10023"))
    + entry("-".replace("-", "65.44"), mark="DBIT", more="<RvslInd>false</RvslInd>")
    + CAMT_TAIL
)
MT940 = (
    ":20:STMT7\n:25:37040044/0532013000\n:28C:7/1\n:60F:C260415EUR1000,\n"
    ":61:2604160415C300,NTRFNONREF//REF-1\n"
    ":86:166?00GUTSCHRIFT?20EREF+E2E-1?21SVWZ+INV 10023?30COBADEFF?31FR1420041010050500013M02606?32ACME Ltd\n"
    ":61:2604160415D65,44NMSCNONREF//REF-2\n:86:805?00ENTGELT?20KONTOFUEHRUNG\n:62F:C260415EUR1234,56\n-\n"
)
MT942 = (
    ":20:REP1\n:25:37040044/0532013000\n:28C:1/1\n:34F:EUR0,\n:13D:2604151200+0200\n"
    ":61:2604160415C300,NTRFNONREF//REF-1\n:86:/EREF/E2E-1//NAME/ACME Ltd//REMI/USTD//INV 10023/\n:90C:1EUR300,\n-\n"
)
BAI2 = (
    "01,COBADEFF,DEMO,260415,0600,1,,,2/\n02,DEMO,COBADEFF,1,260415,,EUR,2/\n"
    "03,532013000,EUR,010,100000,,,015,123456,,/\n"
    "16,195,30000,V,260416,,REF-1,E2E-1,ACME LTD\n88,INV 10023\n16,699,6544,Z,REF-2,,ACCOUNT FEE\n"
    "49,260000,5/\n98,260000,1,7/\n99,260000,1,9/\n"
)
OFX1 = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
    "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS>\n"
    "<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>37040044<ACCTID>532013000<ACCTTYPE>CHECKING</BANKACCTFROM>\n"
    "<BANKTRANLIST><DTSTART>20260415<DTEND>20260415\n"
    "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260415120000[+2:CEST]<TRNAMT>300.00<FITID>REF-1<NAME>ACME Ltd &amp; Co<MEMO>INV 10023\n"
    "</STMTTRN>\n<STMTTRN><TRNTYPE>FEE<DTPOSTED>20260415<TRNAMT>-65.44<FITID>REF-2<NAME>FEE</STMTTRN></BANKTRANLIST>\n"
    "<LEDGERBAL><BALAMT>1234.56<DTASOF>20260415</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
)
OFX2 = (
    '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>'
    "<CURDEF>EUR</CURDEF><BANKACCTFROM><BANKID>37040044</BANKID><ACCTID>532013000</ACCTID></BANKACCTFROM><BANKTRANLIST>\n"
    "<STMTTRN><TRNTYPE>CREDIT</TRNTYPE><DTPOSTED>20260415</DTPOSTED><TRNAMT>300,00</TRNAMT><FITID>REF-1</FITID>"
    "<NAME><![CDATA[ACME <Ltd>]]></NAME><MEMO>INV 10023</MEMO></STMTTRN>\n"
    "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
)
PAIN002 = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>\n'
    "<GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-04-15T06:00:00</CreDtTm></GrpHdr>\n"
    "<OrgnlGrpInfAndSts><OrgnlMsgId>MSG-1</OrgnlMsgId></OrgnlGrpInfAndSts>\n"
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>MSG-1-1</OrgnlPmtInfId>\n"
    "<TxInfAndSts><StsId>X1</StsId><OrgnlEndToEndId>E2E-9</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    "<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn><AddtlInf>no funds</AddtlInf></StsRsnInf>\n"
    '<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">10.50</InstdAmt></Amt><ReqdColltnDt>2026-04-14</ReqdColltnDt>'
    "<MndtRltdInf><MndtId>M-1</MndtId></MndtRltdInf><Dbtr><Nm>Kunde</Nm></Dbtr></OrgnlTxRef></TxInfAndSts>\n"
    "<TxInfAndSts><OrgnlEndToEndId>E2E-8</OrgnlEndToEndId><TxSts>ACCP</TxSts></TxInfAndSts>\n"
    "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>\n"
)
HTML = (
    "<html><head><meta charset='gbk'></head><body><table><tr><td colspan='4'>账号：31050100000000012345</td></tr>"
    "<tr><th>交易日期</th><th>收入</th><th>支出</th><th>余额</th><th>对方户名</th></tr>\n"
    "<tr><td>2026-04-15</td><td>300.00</td><td></td><td>1,300.00</td><td>杭州云杉</td></tr>\n"
    "<tr><td>2026-04-15</td><td></td><td>65.44</td><td>1,234.56</td><td>手续费</td></tr></table></body></html>"
)
SHEET_XML = (
    '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="明细"><Table>\n'
    + "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>\n"
        for row in (
            ("交易日期", "收入", "支出", "余额", "对方户名"),
            ("2026-04-15T00:00:00.000", "300.00", "", "1300.00", "杭州云杉"),
            ("2026-04-15T00:00:00.000", "", "65.44", "1234.56", "手续费"),
        )
    )
    + "</Table></Worksheet></Workbook>"
)

TEXTS = {
    "camt.xml": CAMT,
    "mt940.sta": MT940,
    "mt942.sta": MT942,
    "bai2.txt": BAI2,
    "ofx1.ofx": OFX1,
    "ofx2.qfx": OFX2,
    "pain002.xml": PAIN002,
    "sheet.xls": SHEET_XML,
}
SEEDS: list[bytes] = [
    *(text.encode() for text in TEXTS.values()),
    HTML.encode("gbk"),
    *(layout.text.encode(layout.encoding) for layout in (*CHINESE, *WESTERN)),
]
