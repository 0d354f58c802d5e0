"""Real files of other projects' test suites, read as those projects expect; each difference is named and argued.

``docs/bank-files.md`` lists the same differences for people.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.bank.balances import check_balances
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import BadStatement, Line, Statement
from tests.bank import expected

pytestmark = pytest.mark.practice("E2")

UNTIED = {
    # Their makers shortened or changed the files; opening + lines is not closing.
    **dict.fromkeys(
        ("camt053.v2.all-balance-types.xml", "camt053.v2.five.decimals.xml", "camt053.v2.minimal.ultimate.xml"), 1
    ),
    **dict.fromkeys(("camt053.v2.minimal.xml", "camt053.v4.xml", "sepa_snippet.sta", "ing.sta", "knab.sta"), 1),
    **dict.fromkeys(("postfinance.sta", "triodos.sta", "交易明细_xxxx_2025xxxx_2025xxxx.xls"), 1),
    "abnamro.sta": 2,
    "rabobank.sta": 2,
    "example-cmb-records.csv": 3,
    "amount_formats.sta": 6,
}
REFUSED = {
    "camt053.v2.wrong.xml": {"bank.no_statement"},
    "sepa_snippet_broken.sta": {"bank.repeated_field"},
    "bank_small.ofx": {"bank.no_statement"},
    "decimal_error.ofx": {"bank.amount", "bank.date"},
    "empty_entry_date.sta": {"bank.no_currency"},
}


def files(samples: Path) -> list[Path]:
    kinds = {".xml", ".sta", ".txt", ".bai2", ".ofx", ".csv", ".xls"}
    found = sorted(path for path in (samples / "bank").rglob("*") if path.suffix in kinds)
    assert len(found) >= 46
    return found


def read(path: Path, **options: str) -> list[Statement]:
    return read_statements(path.read_bytes(), path.name, **options)


def lines_of(statements: list[Statement]) -> list[Line]:
    return [line for statement in statements for line in statement.lines]


def test_every_file_is_read_or_refused_with_its_place(samples: Path) -> None:
    for path in files(samples):
        if path.name in REFUSED:
            with pytest.raises(BadStatement) as refused:
                read(path)
            assert {error.code for error in refused.value.errors} == REFUSED[path.name], path.name
            assert all(error.row for error in refused.value.errors), path.name
            continue
        statements = read(path)
        rows = [line.row for line in lines_of(statements)]
        assert all(row > 0 for row in rows)
        untied = [fault for statement in statements for fault in check_balances(statement)]
        assert len(untied) == UNTIED.get(path.name, 0), (path.name, [str(one) for one in untied])


def test_camt(samples: Path) -> None:
    compared = 0
    for path in sorted((samples / "bank" / "camt").glob("*.json")):
        lines = lines_of(read(path.with_suffix(".xml")))
        entries = expected.camt(path)
        assert len(lines) == len(entries)
        for line, entry in zip(lines, entries, strict=True):
            compared += 1
            assert line.currency == entry["getAmount"]["getCurrency"]["getCode"]
            places = {"EUR": 2, "SEK": 2}[line.currency]
            told = Decimal(entry["getAmount"]["getAmount"]).scaleb(-places)
            assert line.amount == told, path.name
            assert line.bank_reference == (entry["getAccountServicerReference"] or "")
            assert line.is_reversal is entry["getReversalIndicator"]
            if entry["getBookingDate"] is not None:
                # Their day is the instant's in UTC, ours the day the bank wrote.
                assert line.booking_date == expected.day_of(entry["getBookingDate"])
            assert line.value_date == expected.day_of(entry["getValueDate"])
            detail = entry["getTransactionDetail"]
            if isinstance(detail, dict) and line.batch_size == 1:
                compare_detail(line, detail)
    assert compared == 13


def compare_detail(line: Line, detail: dict[str, Any]) -> None:
    info = detail["getRemittanceInformation"]
    if info:
        texts = f"{line.remittance_text} {line.structured_reference}"
        assert (info["getMessage"] or "") in texts
    reference = detail["getReference"]
    if reference and reference["getEndToEndId"]:
        assert line.end_to_end_id in {reference["getEndToEndId"], ""}
    names = [
        party["getRelatedPartyType"]["getName"]
        for party in detail["getRelatedParties"]
        if isinstance(party, dict) and isinstance(party["getRelatedPartyType"], dict)
    ]
    for name in (line.payer_name, line.ultimate_party):
        assert not name or name in names


def test_mt940(samples: Path) -> None:
    compared = 0
    for path in sorted((samples / "bank" / "mt940").rglob("*.yml")):
        told = expected.mt940(path)
        if path.stem == "sepa_snippet_broken":
            continue  # refused: its field 25 is the account for them, a damaged field 86 for us
        statements = read(path.with_suffix(".sta"), currency="EUR")
        for name, side in (("opening", "opening_balance"), ("closing", "closing_balance")):
            for kind in ("final", "intermediate"):
                balance = told["data"].get(f"{kind}_{side}")
                ours = {found.amount for one in statements if (found := getattr(one, name))}
                assert balance is None or balance["amount"]["amount"] in ours, path.name
        lines = lines_of(statements)
        assert len(lines) == len(told["transactions"]), path.name
        for line, one in zip(lines, told["transactions"], strict=True):
            compared += 1
            compare_mt940(line, one, path.stem)
    assert compared == 152


def compare_mt940(line: Line, told: dict[str, Any], name: str) -> None:
    amount = told["amount"]["amount"]
    # A reversed credit (RC) takes money away, and only so the statement's balances tie: theirs leaves it positive.
    assert line.amount == (-amount if told["status"] == "RC" else amount), (name, line.row)
    assert line.value_date == told["date"]
    if told.get("entry_date"):
        assert line.booking_date == told["entry_date"]
    if told["id"]:
        assert line.transaction_code.startswith(told["id"].strip())
    if told.get("applicant_iban") and not is_cut(told["applicant_iban"]):
        assert line.payer_account == re.sub(r"\s", "", told["applicant_iban"])
    if told.get("applicant_bin"):
        assert line.payer_bank == told["applicant_bin"]
    if told.get("applicant_name"):
        assert squeeze(line.payer_name).startswith(squeeze(told["applicant_name"])), (name, line.row)
    if told.get("purpose"):
        # We part the bank's own message (MTLG:) from the payer's words; theirs keeps its keyword.
        theirs, ours = squeeze(told["purpose"]).replace("MTLG:", ""), squeeze(line.remittance_text)
        assert theirs in ours or ours in theirs, (name, line.row)


def is_cut(text: str) -> bool:
    return len(text) < 5


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_wallets_and_chinese_banks(samples: Path) -> None:
    folder = samples / "bank" / "wallets_and_chinese_banks"
    for name in ("alipay", "boc_debit", "cmb_debit", "icbc_debit-v2", "wechat", "ccb"):
        (output,) = (folder / name).glob("*.beancount")
        (source,) = [path for path in (folder / name).iterdir() if path.suffix in {".csv", ".xls"}]
        theirs = Counter(expected.beancount(output))
        statements = read(source)
        ours: Counter[tuple[date, Decimal]] = Counter()
        for line in lines_of(statements):
            amount = abs(line.amount) - (line.fee or 0) if name == "wechat" and line.fee else abs(line.amount)
            ours[line.booking_date, amount] += 1
        # Each of theirs is among ours; ours has more: what they merge (a purchase and its refund) or leave out.
        assert not theirs - ours, (name, theirs - ours)
        booked = Counter((line.booking_date, abs(line.amount)) for line in lines_of(statements) if line.is_booked)
        assert sum(booked.values()) == BOOKED[name], name


BOOKED = {"alipay": 6, "boc_debit": 17, "cmb_debit": 5, "icbc_debit-v2": 11, "wechat": 21, "ccb": 6}


def test_bai2_and_ofx(samples: Path) -> None:
    bank = samples / "bank"
    first, second = read(bank / "bai2" / "svb_us_example.bai2")
    assert [str(line.amount) for line in (*first.lines, *second.lines)] == ["4901.96", "9058.00"]
    assert first.opening and second.closing
    assert (first.opening.amount, second.closing.amount) == (Decimal("347269.79"), Decimal("361229.75"))
    medium = read(bank / "ofx" / "bank_medium.ofx")[0]
    assert [(str(line.amount), line.payer_name) for line in medium.lines] == [
        ("-6.60", "MCDONALD'S #112"),
        ("-316.67", "Joe's Bald Hairstyles"),
        ("-22.00", "CONNIE'S HAIR D"),
    ]
    assert medium.closing and medium.closing.amount == Decimal("382.34")
    both = read(bank / "ofx" / "multiple_accounts.ofx")
    assert [(one.account, str(one.closing and one.closing.amount)) for one in both] == [
        ("9100", "111"),
        ("9200", "222"),
    ]
