# ruff: noqa: E501 - files as banks write them
"""Each format: what is read, and where in the file it stands."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from huikuan.bank.balances import check_balances
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import BadStatement, Line, LineStatus, Statement, StatementFormat
from tests.bank import seeds
from tests.bank.seeds import CAMT_HEAD, CAMT_TAIL, balance, detail, entry

pytestmark = pytest.mark.practice("E2")


def one(text: str | bytes, name: str = "file") -> Statement:
    (statement,) = read_statements(text.encode() if isinstance(text, str) else text, name)
    return statement


def amounts(statement: Statement) -> list[str]:
    return [f"{line.amount:f}" for line in statement.lines]


@pytest.mark.parametrize("name", ["camt.xml", "mt940.sta", "bai2.txt", "ofx1.ofx", "sheet.xls", "html"])
def test_the_same_two_payments_in_every_format(name: str) -> None:
    data = seeds.HTML.encode("gbk") if name == "html" else seeds.TEXTS[name].encode()
    statement = one(data, name)
    assert amounts(statement) == ["300.00", "-65.44"]
    assert {line.booking_date for line in statement.lines} == {date(2026, 4, 15)}
    assert check_balances(statement) == []
    assert all(line.is_booked for line in statement.lines)


def test_camt_tells_everything() -> None:
    statement = one(seeds.CAMT)
    assert statement.format is StatementFormat.CAMT053
    assert (statement.account, statement.bank, statement.owner) == (
        "DE89370400440532013000",
        "COBADEFFXXX",
        "Demo GmbH",
    )
    assert (statement.statement_id, statement.sequence) == ("STMT-7", "7")
    line = statement.lines[0]
    assert (line.payer_name, line.ultimate_party) == ("ACME Ltd", "Mother ACME Ltd")
    assert (line.payer_account, line.structured_reference) == ("FR1420041010050500013M02606", "RF18539007547034")
    assert (line.remittance_text, line.end_to_end_id, line.bank_reference) == ("INV 10023", "E2E-1", "REF-1")
    assert (line.value_date, line.transaction_code) == (date(2026, 4, 16), "PMNT-RCDT-ESCT")
    assert (line.element, line.row) == ("Ntry 1", 8)


def camt(*parts: str) -> Statement:
    return one(CAMT_HEAD + "".join(parts) + CAMT_TAIL)


def test_a_batch_becomes_its_payments() -> None:
    batch = "<Btch><PmtInfId>B-1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"
    statement = camt(entry("30.00", batch + detail("10.00", "A", "x") + detail("20.00", "B", "y")))
    assert amounts(statement) == ["10.00", "20.00"]
    assert [(line.payer_name, line.batch_id, line.batch_size) for line in statement.lines] == [
        ("A", "B-1", 2),
        ("B", "B-1", 2),
    ]
    assert [line.ordinal for line in statement.lines] == [1, 2]
    assert statement.lines[1].element == "Ntry 1, TxDtls 2"


def test_a_batch_less_its_charges() -> None:
    more = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.50</TtlChrgsAndTaxAmt></Chrgs>'
    text = entry("29.50", detail("10.00", "A", "x") + detail("20.00", "B", "y")).replace(
        "<NtryDtls>", more + "<NtryDtls>"
    )
    assert amounts(camt(text)) == ["10.00", "20.00", "-0.50"]


def test_a_batch_that_does_not_add_up_is_left_whole() -> None:
    statement = camt(entry("31.00", detail("10.00", "A", "x") + detail("20.00", "B", "y")))
    assert amounts(statement) == ["31.00"]
    assert statement.lines[0].batch_size == 2
    assert "do not add up" in str(statement.notes[0])


def test_pending_entries_do_not_count() -> None:
    statement = camt(
        balance("OPBD", "0.00"),
        balance("CLBD", "5.00"),
        entry("5.00"),
        entry("7.00", status="PDNG"),
        entry("1.00", status="INFO"),
    )
    assert [line.status for line in statement.lines] == [LineStatus.BOOKED, LineStatus.PENDING, LineStatus.INFORMATION]
    assert check_balances(statement) == []


def test_a_returned_debit_names_who_did_not_pay() -> None:
    back = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn><AddtlInf>no funds</AddtlInf></RtrInf>"
    line = camt(entry("10.50", detail("10.50", "Kunde", "RE 1", back, "E2E-9"), mark="DBIT")).lines[0]
    assert line.amount == Decimal("-10.50")
    assert (line.is_return, line.return_reason, line.payer_name) == (True, "AM04 no funds", "Kunde")
    assert line.end_to_end_id == "E2E-9"


def test_a_reversal() -> None:
    line = camt(entry("10.50", detail("10.50", "Kunde", "x"), mark="DBIT", more="<RvslInd>true</RvslInd>")).lines[0]
    assert (line.is_reversal, line.amount, line.payer_name) == (True, Decimal("-10.50"), "Kunde")


def test_what_was_sent_in_another_currency() -> None:
    sent = '<AmtDtls><InstdAmt><Amt Ccy="USD">12.00</Amt></InstdAmt></AmtDtls>'
    line = camt(entry("10.50", detail("10.50", "A", "x", sent))).lines[0]
    assert (line.original_amount, line.original_currency) == (Decimal("12.00"), "USD")


def test_reports_and_notifications_of_any_version() -> None:
    report = seeds.CAMT.replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("Stmt>", "Rpt>")
    assert one(report.replace("camt.053.001.08", "camt.052.001.13")).format is StatementFormat.CAMT052
    told = seeds.CAMT.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>")
    assert (
        one(told.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', "")).format
        is StatementFormat.CAMT054
    )


def test_mt940_dialects() -> None:
    def line(field: str, supplement: str = "") -> Line:
        text = f":20:A\n:25:1/2\n:28C:1\n:60F:C260101EUR0,\n:61:2601020102C5,NTRFREF//BR{supplement}\n:86:{field}\n:62F:C260102EUR5,\n-\n"
        return one(text).lines[0]

    german = line(
        "166?00GUTSCHRIFT?20EREF+E1?21MREF+M1?22SVWZ+Rechnung 4711 vom 01.?2303.2026?30COBADEFF?31DE1?32Muster?33mann"
    )
    assert (german.end_to_end_id, german.mandate_id, german.payer_name) == ("E1", "M1", "Muster mann")
    assert german.remittance_text == "Rechnung 4711 vom 01. 03.2026"
    slashes = line("/TRTP/SEPA/IBAN/NL1/BIC/ABNANL2A/NAME/Jan/REMI/Factuur\n 9/EREF/E2")
    assert (slashes.payer_account, slashes.payer_name, slashes.remittance_text) == ("NL1", "Jan", "Factuur 9")
    ing = line("/EREF/E3//CNTP/NL69INGB0123456789/INGBNL2A/ING Testrekening/AMSTERDAM///REMI/USTD//FACTUUR 7/")
    assert (ing.payer_account, ing.payer_name, ing.remittance_text) == (
        "NL69INGB0123456789",
        "ING Testrekening",
        "FACTUUR 7",
    )
    sepa = line("EREF+E4 SVWZ+Invoice 12 ABWA+Mother AG")
    assert (sepa.end_to_end_id, sepa.remittance_text, sepa.ultimate_party) == ("E4", "Invoice 12", "Mother AG")
    plain = line("GELD VON DE89370400440532013000\nRE 5")
    assert (plain.payer_account, plain.remittance_text) == (
        "DE89370400440532013000",
        "GELD VON DE89370400440532013000 RE 5",
    )
    returned = line("109?00RUECKLASTSCHRIFT?20SVWZ+KONTO ERLOSCHEN?34902")
    assert (returned.is_return, returned.return_reason) == (True, "902")
    foreign = line("x", "\n/OCMT/USD6,50/")
    assert (foreign.original_amount, foreign.original_currency) == (Decimal("6.50"), "USD")


def test_mt940_reversals_take_back() -> None:
    text = ":20:A\n:25:1\n:28C:1\n:60F:C260101EUR10,\n:61:2601020102RC4,NTRFX\n:61:2601020102RD1,NTRFX\n:62F:C260102EUR7,\n-\n"
    statement = one(text)
    assert amounts(statement) == ["-4.00", "1.00"]
    assert all(line.is_reversal for line in statement.lines)
    assert check_balances(statement) == []


def test_mt942_has_no_balances() -> None:
    statement = one(seeds.MT942)
    assert statement.format is StatementFormat.MT942
    assert (statement.lines[0].payer_name, statement.lines[0].remittance_text) == ("ACME Ltd", "INV 10023")
    assert check_balances(statement) == []


def test_bai2_value_dates_and_texts() -> None:
    line = one(seeds.BAI2).lines[0]
    assert (line.value_date, line.bank_reference, line.end_to_end_id) == (date(2026, 4, 16), "REF-1", "E2E-1")
    assert line.remittance_text == "ACME LTD INV 10023"


def test_ofx_of_both_kinds() -> None:
    assert one(seeds.OFX1).lines[0].payer_name == "ACME Ltd & Co"
    line = one(seeds.OFX2).lines[0]
    assert (line.amount, line.payer_name) == (Decimal("300.00"), "ACME <Ltd>")


def test_refused_collections() -> None:
    statement = one(seeds.PAIN002)
    (line,) = statement.lines
    assert (line.end_to_end_id, line.mandate_id, line.batch_id) == ("E2E-9", "M-1", "MSG-1-1")
    assert (line.is_return, line.return_reason, line.amount) == (True, "AM04 no funds", Decimal("10.50"))
    assert line.status is LineStatus.INFORMATION


def test_a_zip_of_files() -> None:
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/camt.xml", seeds.CAMT)
        archive.writestr("b.sta", seeds.MT940)
    statements = read_statements(packed.getvalue(), "april.zip")
    assert [one.file for one in statements] == ["april.zip/a/camt.xml", "april.zip/b.sta"]


def test_one_line_each_way_of_breaking_balances() -> None:
    (fault,) = check_balances(one(seeds.CAMT.replace("1234.56", "1234.57")))
    assert (fault.code, fault.row) == ("bank.closing_balance", 7)
    broken = seeds.HTML.replace("1,234.56", "1,234.65")
    (fault,) = check_balances(one(broken.encode("gbk")))
    assert (fault.code, fault.row) == ("bank.running_balance", 3)
    assert "should be 1,234.56" in fault.reason
    (fault,) = check_balances(one(seeds.MT940.partition(":62F:")[0]))
    assert fault.code == "bank.no_closing_balance"


def test_several_currencies_are_several_statements() -> None:
    text = "Date,Amount,Currency,Balance,Description\n2026-01-01,5.00,USD,5.00,a\n2026-01-01,500,JPY,500,b\n2026-01-02,1.00,USD,6.00,c\n"
    dollars, yen = read_statements(text.encode(), "x.csv")
    assert (amounts(dollars), amounts(yen)) == (["5.00", "1.00"], ["500"])
    assert [line.ordinal for line in dollars.lines] == [1, 2]
    assert check_balances(dollars) == check_balances(yen) == []


def test_a_settled_mapping_of_columns() -> None:
    from huikuan.bank.profile import parse_profile
    from huikuan.bank.reading import stream_events
    from huikuan.bank.source import Source, gather

    text = b"Wann;Wieviel;Wer\n03/04/2026;1,50;Jan\n"
    with pytest.raises(BadStatement):
        one(text)
    options = parse_profile(
        'currency = "EUR"\ndate_order = "dmy"\n[columns]\nWann = "booking_date"\nWieviel = "amount"\nWer = "payer_name"\n'
    )
    (statement,) = gather(stream_events(Source("x.csv", data=text), options))
    line = statement.lines[0]
    assert (line.booking_date, line.amount, line.payer_name) == (date(2026, 4, 3), Decimal("1.50"), "Jan")


def test_a_balance_with_the_last_line_of_a_day_alone() -> None:
    """What some banks tell: nothing is missing, and a break shows where there is one."""
    text = "期初余额,100.00,期末余额,{closing}\n交易日期,收入,支出,余额,摘要\n"
    text += "2026-04-01,10.00,,,a\n2026-04-01,5.00,,115.00,b\n2026-04-02,,15.00,,c\n"
    (statement,) = read_statements(text.format(closing="100.00").encode(), "days.csv")
    assert check_balances(statement) == []
    (statement,) = read_statements(text.format(closing="101.00").encode(), "days.csv")
    assert [one.code for one in check_balances(statement)] == ["bank.closing_balance"]
