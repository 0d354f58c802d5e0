"""Vouchers in each format: the bytes as they were looked at once (``golden/``), and what a format refuses.

``HUIKUAN_WRITE_GOLDEN=1`` writes the files anew; look at them before they are committed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from huikuan.core.gl import AccountMap, AccountRule, Dimension, GlPosting, Grouping, Reference, Voucher, VoucherFile
from huikuan.core.gl import make_vouchers as make
from huikuan.core.gl_charts import CHARTS, chart
from huikuan.core.refusals import BadData, Refusal
from huikuan.letters.gl_datev import HEADINGS, pairs
from huikuan.letters.gl_formats import FORMATS, complete_options, find_format

GOLDEN = Path(__file__).parent / "golden"
JANUARY = date(2026, 1, 1)
GIVEN = {
    "csv": {},
    "yonyou": {},
    "kingdee": {"account_book": "001", "account_book_name": "示例账簿"},
    "sap": {"company_code": "1000"},
    "datev": {"consultant": "1001", "mandate": "42"},
}


def leg(seq: int, line: int, account: str, amount: int, base: int | None = None, **more: object) -> GlPosting:
    value = {"kind": "item", "day": date(2026, 1, 10), "currency": "CNY", "customer": "10001", "document": "FP-1"}
    return GlPosting(
        seq=seq, line=line, ledger_account=account, amount_minor=amount,
        base_minor=amount if base is None else base, **{**value, **more},
    )  # fmt: skip


def postings(base: str = "CNY") -> list[GlPosting]:
    """An invoice, a payment applied with discount, 100 dollars and their revaluation."""
    own = {"currency": base, "sales_rep": "S1", "region": "R1", "product": "P1"}
    paid = {"day": date(2026, 1, 20), "currency": base, "document": "SK-1"}
    dollars = {"currency": "USD", "document": "FP-2", "customer": "10002", "day": date(2026, 1, 12)}
    end = {"kind": "revaluation", "currency": "USD", "day": date(2026, 1, 31), "customer": "", "document": ""}
    return [
        leg(1, 1, "trade", 1_000_00, **own),
        leg(1, 2, "sales", -1_000_00, **own),
        leg(2, 1, "bank", 975_00, kind="receipt", **paid),
        leg(2, 2, "unapplied", -975_00, kind="receipt", **paid),
        leg(3, 1, "unapplied", 975_00, kind="application", **paid),
        leg(3, 2, "discount", 25_00, kind="application", **paid),
        leg(3, 3, "trade", -1_000_00, kind="application", **paid),
        leg(4, 1, "trade", 100_00, 710_00, **dollars),
        leg(4, 2, "sales", -100_00, -710_00, **dollars),
        leg(5, 1, "revaluation", 0, 6_00, **end),
        leg(5, 2, "exchange_unrealised", 0, -6_00, **end),
    ]


def vouchers(name: str, legs: Iterable[GlPosting] | None = None, **more: object) -> list[Voucher]:
    rules = chart("skr03" if name == "datev" else "cn")
    if name == "datev":
        rules = [
            AccountRule("trade", "", "{customer}", "Debitor"),
            *(one for one in rules if one.ledger_account != "trade"),
        ]
    else:
        rules = [
            replace(one, dimensions=frozenset(Dimension)) if one.ledger_account == "trade" else one for one in rules
        ]
    base = "EUR" if name == "datev" else "CNY"
    given = {"month": JANUARY, "first_number": 1, "language": "de" if name == "datev" else "zh"}
    return make(
        list(legs if legs is not None else postings(base)), AccountMap(rules), Grouping.ENTRY,
        **{**given, "reference": Reference.DOCUMENT, **more},
    )  # fmt: skip


def file_of(name: str, made: list[Voucher] | None = None, **options: str) -> VoucherFile:
    return VoucherFile(
        name="test",
        entity="E1",
        base="EUR" if name == "datev" else "CNY",
        month=JANUARY,
        number=1,
        made_at=datetime(2026, 2, 1, 8, 30, 15, 250_000, tzinfo=UTC),
        vouchers=tuple(vouchers(name) if made is None else made),
        options=complete_options(name, {**GIVEN[name], **options}),
    )


@pytest.mark.practice("K7", "D8")
@pytest.mark.parametrize("name", list(FORMATS))
def test_the_bytes_are_those_looked_at(name: str) -> None:
    found = find_format(name)
    data = found.write(file_of(name))
    assert found.write(file_of(name)) == data, "the same vouchers give the same bytes"
    path = GOLDEN / f"{name}.{found.ending}"
    if found.ending == "xlsx":
        # The packing differs between versions of the library: the cells are compared.
        sheet = load_workbook(io.BytesIO(data)).worksheets[0]
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        data, path = "\n".join("\t".join(row) for row in rows).encode(), path.with_suffix(".tsv")
    if os.environ.get("HUIKUAN_WRITE_GOLDEN"):
        path.write_bytes(data)
    assert data == path.read_bytes()


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.ending != "xlsx"])
def test_debits_and_credits_of_a_file_are_equal(name: str) -> None:
    lines = find_format(name).write(file_of(name)).decode({"yonyou": "gbk", "datev": "cp1252"}.get(name, "utf-8-sig"))
    rows = lines.split("\r\n")[1:-1]
    if name in {"yonyou", "csv"}:
        sides = [[row.split(",")[place] for row in rows] for place in (6, 7)]
    elif name == "sap":
        sides = [[row.split(";")[16] for row in rows if row.split(";")[14] == side] for side in "SH"]
    else:
        assert all(len(row.split(";")) == 125 for row in rows), "by position, so every field is there"
        return
    assert len({sum(round(float(one) * 100) for one in side) for side in sides}) == 1


def test_datev_header_and_headings() -> None:
    text = find_format("datev").write(file_of("datev", fiscal_year_start="7")).decode("cp1252")
    header, headings, first, *_ = text.split("\r\n")
    assert header.startswith(
        '"EXTF";700;21;"Buchungsstapel";13;20260201083015250;;"HK";"huikuan";"";1001;42;20250701;4;'
    )
    assert len(header.split(";")) == 31 and len(HEADINGS) == 125
    assert headings.split(";")[13] == '"Buchungstext"' and HEADINGS[113] == "Festschreibung"
    assert first.startswith('1000,00;"S";"EUR";;;;10001;8200;;1001;"FP-1";;;"Rechnung FP-1"')


def test_datev_pairs_debits_with_credits_and_leaves_out_an_account_against_itself() -> None:
    made = vouchers("datev")[2]
    assert [(debit.code, credit.code, minor) for debit, credit, minor in pairs(made)] == [
        ("1590", "10001", 975_00),
        ("8730", "10001", 25_00),
    ]
    same = [leg(1, 1, "unapplied", 5_00, currency="EUR"), leg(1, 2, "suspense", -5_00, currency="EUR")]
    assert list(pairs(vouchers("datev", same)[0])) == []


@pytest.mark.parametrize(
    ("name", "change", "field", "code"),
    [
        ("datev", {"document": "A_1"}, "Belegfeld 1", "gl.bad_character"),
        ("datev", {"document": "№1"}, "Buchungstext", "gl.bad_character"),
        ("datev", {"document": "A" * 37}, "Belegfeld 1", "gl.too_long"),
        ("datev", {"customer": "C-1"}, "Konto", "gl.bad_account"),
        ("datev", {"customer": "123456"}, "Konto", "gl.bad_account"),
        ("yonyou", {"document": "A,1"}, "摘要", "gl.bad_character"),
        ("yonyou", {"document": "ő"}, "摘要", "gl.bad_character"),
        ("yonyou", {"document": "票" * 30}, "摘要", "gl.too_long"),
        ("yonyou", {"customer": "1" * 21}, "客户编码", "gl.too_long"),
        ("sap", {"document": "A" * 17}, "XBLNR", "gl.too_long"),
        ("sap", {"customer": "1" * 11}, "KUNNR", "gl.too_long"),
        ("kingdee", {"customer": "1" * 81}, "FDetailID#FFLEX6", "gl.too_long"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault_and_not_cut(name: str, change: dict[str, str], field: str, code: str) -> None:
    base = "EUR" if name == "datev" else "CNY"
    legs = [leg(1, 1, "trade", 1_00, currency=base, **change), leg(1, 2, "sales", -1_00, currency=base, **change)]
    with pytest.raises(BadData) as refusal:
        find_format(name).write(file_of(name, vouchers(name, legs)))
    assert (field, code) in {(error.column, error.code) for error in refusal.value.errors}
    assert {error.row for error in refusal.value.errors} == {1}, "the voucher is named"


def test_amounts_that_do_not_fit_are_faults() -> None:
    dinars = [leg(1, 1, "trade", 1_000, 1_00, currency="KWD"), leg(1, 2, "sales", -1_000, -1_00, currency="KWD")]
    with pytest.raises(BadData, match=r"2 faults"):
        find_format("yonyou").write(replace(file_of("yonyou", vouchers("yonyou", dinars)), base="KWD"))
    huge = [leg(1, 1, "trade", 10**16), leg(1, 2, "sales", -(10**16))]
    with pytest.raises(BadData):
        find_format("kingdee").write(file_of("kingdee", vouchers("kingdee", huge)))
    long = [leg(1, n, "trade", 1) for n in range(1, 1001)] + [leg(1, 2000, "sales", -1000)]
    with pytest.raises(BadData) as refusal:
        find_format("sap").write(file_of("sap", vouchers("sap", long)))
    assert refusal.value.errors[0].code == "gl.too_many_lines"


def test_an_entry_that_is_not_there_whole_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        vouchers("csv", postings()[:1])
    assert refusal.value.code == "gl.unbalanced"


def test_every_chart_is_made_of_known_accounts() -> None:
    from huikuan.core.accounts import LedgerAccount

    for name in CHARTS:
        rules = chart(name)
        assert {rule.ledger_account for rule in rules} <= {account.value for account in LedgerAccount}
        assert all(rule.code.isdigit() and rule.name for rule in rules)


ACCOUNTS = ("trade", "bank", "unapplied", "sales", "discount", "advances")


@st.composite
def entries(draw: st.DrawFn) -> list[GlPosting]:
    """Random balanced entries of one month, in two currencies."""
    legs: list[GlPosting] = []
    for seq in range(1, draw(st.integers(1, 12)) + 1):
        day = date(2026, 1, draw(st.integers(1, 31)))
        for currency in draw(st.sampled_from([["CNY"], ["USD"], ["CNY", "USD"]])):
            amounts = draw(
                st.lists(st.tuples(st.integers(-9_99, 9_99), st.integers(-70_00, 70_00)), min_size=1, max_size=4)
            )
            amounts.append((-sum(one for one, _ in amounts), -sum(base for _, base in amounts)))
            for amount, base in amounts:
                value = base if currency == "USD" else amount
                account = draw(st.sampled_from(ACCOUNTS))
                customer = draw(st.sampled_from(["", "10001", "10002"]))
                legs.append(leg(seq, len(legs), account, amount, value, currency=currency, day=day, customer=customer))
    return legs


@given(entries(), st.sampled_from(list(Grouping)))
@settings(max_examples=200, deadline=None)
def test_vouchers_carry_every_amount_and_balance(legs: list[GlPosting], grouping: Grouping) -> None:
    """Whatever the entries and however they are grouped: nothing is lost, nothing added, everything balances."""
    made = make(
        legs, AccountMap(chart("cn")), grouping, month=JANUARY, first_number=7, language="en",
        reference=Reference.VOUCHER,
    )  # fmt: skip
    assert [voucher.number for voucher in made] == list(range(7, 7 + len(made)))

    def sums(rows: Iterable[tuple[str, str, int, int]]) -> dict[tuple[str, str], tuple[int, int]]:
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for account, currency, amount, base in rows:
            before = found.get((account, currency), (0, 0))
            found[account, currency] = (before[0] + amount, before[1] + base)
        return {key: value for key, value in found.items() if any(value)}

    lines = [line for voucher in made for line in voucher.lines]
    assert sums((one.ledger_account, one.currency, one.amount_minor, one.base_minor) for one in lines) == sums(
        (one.ledger_account, one.currency, one.amount_minor, one.base_minor) for one in legs
    )
    for voucher in made:
        assert sum(line.amount_minor for line in voucher.lines) == 0
        assert sum(line.debit_base for line in voucher.lines) == sum(line.credit_base for line in voucher.lines)
        assert {line.currency for line in voucher.lines} == {voucher.currency}
    shuffled = make(
        legs[::-1], AccountMap(chart("cn")), grouping, month=JANUARY, first_number=7, language="en",
        reference=Reference.VOUCHER,
    )  # fmt: skip
    assert shuffled == made, "the order they come in does not matter"
