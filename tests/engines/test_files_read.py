"""Reading CSV: defaults, row numbers, encodings, chunks that change nothing, limits, and the three sample files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from huikuan.core.refusals import BadData, Refusal
from huikuan.engines import files_unique
from huikuan.engines.files import Limits, Profile, derive_customers, iter_chunks, open_table, read_table
from huikuan.engines.schemas import SCHEMAS, arrow_schema

HEAD = "item_id,customer_id,document_date,due_date,currency,amount"


def csv_of(*rows: str, head: str = HEAD) -> bytes:
    return ("\n".join([head, *rows]) + "\n").encode()


def row(number: int, amount: str = "10.00") -> str:
    return f"I{number},C{number % 7},2026-01-{1 + number % 28:02},2026-02-28,CNY,{amount}"


def test_fills_every_default() -> None:
    result = read_table(csv_of("7,C1,2026-03-05,2026-04-04,CNY,12.5"), "items", name="a.csv")
    assert result.table.schema == arrow_schema("items")
    assert result.table.to_pylist()[0] == {
        **dict.fromkeys(result.table.schema.names),
        "item_id": "7",
        "kind": "invoice",
        "customer_id": "C1",
        "document_number": "7",
        "document_date": date(2026, 3, 5),
        "due_date": date(2026, 4, 4),
        "posting_date": date(2026, 3, 5),
        "effective_date": date(2026, 3, 5),
        "recorded_at": datetime(2026, 3, 5, tzinfo=UTC),
        "currency": "CNY",
        "amount": Decimal("12.5000"),
    }
    assert (result.rows, result.profile, result.warnings, result.encoding) == (1, None, [], "utf-8")
    assert result.mapping["amount"] == "amount"


def test_given_values_win_over_defaults() -> None:
    head = "item_id,customer_id,document_date,due_date,posting_date,effective_date,recorded_at,currency,amount,kind"
    line = "7,C1,2026-03-05,2026-04-04,2026-04-01,2026-03-06,2026-04-02T09:30:00.5+08:00,CNY,-1,credit_memo"
    only = read_table(csv_of(line, head=head), "items").table.to_pylist()[0]
    assert only["posting_date"] == date(2026, 4, 1)
    assert only["effective_date"] == date(2026, 3, 6)
    assert only["recorded_at"] == datetime(2026, 4, 2, 1, 30, 0, 500_000, tzinfo=UTC)
    assert only["kind"] == "credit_memo"


def test_due_date_follows_from_terms() -> None:
    head = "item_id,customer_id,document_date,due_date,terms,currency,amount"
    data = csv_of(
        "1,C,2026-01-31,,30,CNY,1", "2,C,2026-01-31,2026-02-01,30,CNY,1", "3,C,2026-01-31,,X7,CNY,1", head=head
    )
    profile = Profile("own", "items", columns={name: name for name in head.split(",")}, terms={"X7": 7})
    dues = read_table(data, "items", profile=profile).table["due_date"].to_pylist()
    assert dues == [date(2026, 3, 2), date(2026, 2, 1), date(2026, 2, 7)]


def test_currency_of_the_run_fills_gaps_only() -> None:
    table = read_table(
        csv_of("1,C,2026-01-01,2026-01-02,,5", "2,C,2026-01-01,2026-01-02,JPY,5"), "items", currency="EUR"
    ).table
    assert table["currency"].to_pylist() == ["EUR", "JPY"]


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_a_read_table_has_all_columns_of_its_schema(kind: str) -> None:
    data = {
        "items": csv_of(row(1)),
        "customers": b"customer_id,name\nC1,A\n",
        "applications": b"application_id,item_id,amount,posting_date\nA,1,5.12,2026-01-01\n",
        "receipts": b"receipt_id,customer_id,amount,currency,effective_date\nR,C,5,CNY,2026-01-01\n",
        "lines": b"line_id,booking_date,amount,currency\nL1,2026-01-01,5.12,CNY\n",
        "history": b"line_id,booking_date,amount,currency,customer_id,item_id,applied\nL,2026-01-01,5,CNY,C,1,5\n",
    }[kind]
    table = read_table(data, kind).table
    assert table.schema == arrow_schema(kind)
    assert table.num_rows == 1


def test_dates_of_applications_and_receipts_stand_for_each_other() -> None:
    applied = read_table(b"application_id,item_id,amount,posting_date\nA,1,5,2026-01-01\n", "applications").table
    assert applied["effective_date"].to_pylist() == [date(2026, 1, 1)]
    assert applied["currency"].to_pylist() == [None]
    received = read_table(
        b"receipt_id,customer_id,amount,currency,effective_date\nR,C,5,CNY,2026-01-01\n", "receipts"
    ).table
    assert received["posting_date"].to_pylist() == [date(2026, 1, 1)]
    assert received["recorded_at"].to_pylist() == [datetime(2026, 1, 1, tzinfo=UTC)]


def test_unknown_columns_are_kept_out_of_the_way() -> None:
    result = read_table(csv_of(row(1) + ",secret,5", head=HEAD + ",notes,weight"), "items")
    assert not {"notes", "weight"} & set(result.table.schema.names)
    assert result.warnings == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_encodings_read_the_same(encoding: str) -> None:
    text = HEAD + ",customer_name\n1,C1,2026-01-01,2026-01-31,CNY,5,深圳市甲乙丙有限公司\n"
    data = text.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    result = read_table(data, "items")
    assert result.table["customer_name"].to_pylist() == ["深圳市甲乙丙有限公司"]
    assert result.encoding == {"utf-16-le": "utf-16"}.get(encoding, encoding)


def test_gb18030_is_proved_over_the_whole_file() -> None:
    good = (HEAD + ",customer_name\n" + "".join(f"{row(n)},客户公司{n}\n" for n in range(3000))).encode("gb18030")
    assert read_table(good, "items").rows == 3000
    with pytest.raises(BadData) as refusal:
        read_table(good + b"x,\xff\xff", "items")
    assert refusal.value.errors[0].code == "file.encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    data = csv_of(row(1), row(2)).decode().replace(",", delimiter).encode()
    assert read_table(data, "items").rows == 2


def test_a_spreadsheets_separator_line_is_understood() -> None:
    data = ("sep=;\n" + csv_of(row(1)).decode().replace(",", ";")).encode()
    assert read_table(data, "items").rows == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(ending: str) -> None:
    data = csv_of(row(1), row(2), row(3, "bad")).decode().replace("\n", ending).encode()
    with pytest.raises(BadData) as refusal:
        read_table(data, "items", name="a.csv")
    assert [str(error) for error in refusal.value.errors] == ["a.csv:4:amount: 'bad' is not an amount"]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    data = ("title\n\n" + HEAD + ',region\n1,C,2026-01-01,2026-01-02,CNY,1,"a\nb\nc"\n\n,,,,,,\nshort,row\n').encode()
    data += b"2,C,2026-01-01,2026-01-02,CNY,bad,x\n"
    with pytest.raises(BadData) as refusal:
        read_table(data, "items")
    assert [(error.row, error.code) for error in refusal.value.errors] == [(7, "row.width"), (8, "money.unparseable")]


@pytest.mark.parametrize("chunk_rows", [1, 3, 7, 1000])
def test_chunks_change_nothing(chunk_rows: int) -> None:
    lines = [row(number, "x" if number % 5 == 0 else "1.00") for number in range(20)]
    lines[7] = "too,short"
    lines[12] = lines[2]
    whole = list(iter_chunks(csv_of(*lines), "items"))
    parts = list(iter_chunks(csv_of(*lines), "items", chunk_rows=chunk_rows))
    assert pa.concat_tables([part.table for part in parts]) == pa.concat_tables([part.table for part in whole])
    told = [str(error) for part in parts for error in part.errors]
    assert sorted(told) == sorted(str(error) for part in whole for error in part.errors)
    rows = [number for part in parts for number in part.rows.to_pylist()]
    assert rows == [number for number in range(2, 22) if number != 9]


def test_good_marks_the_faultless_rows_exactly() -> None:
    data = csv_of(row(1), row(2, "x"), row(3), row(1), row(4))
    chunks = list(iter_chunks(data, "items", keep=1))
    assert chunks[0].good.to_pylist() == [True, False, True, True, True]
    assert chunks[0].first_row == 2
    assert chunks[-1].table.num_rows == 0
    assert chunks[-1].refused_rows.to_pylist() == [2, 5]
    assert (chunks[-1].errors, chunks[-1].errors_total) == ([], 2)


def test_a_great_many_faults_are_counted_and_a_few_kept() -> None:
    data = csv_of(*(row(number, "x") for number in range(2500)))
    with pytest.raises(BadData) as refusal:
        read_table(data, "items", keep=10)
    assert (len(refusal.value.errors), refusal.value.total) == (10, 2500)


def test_a_million_rows_with_three_errors_name_the_three() -> None:
    lines = [row(number) for number in range(200_000)]
    lines[5], lines[150_000], lines[199_999] = row(5, "1,5"), row(150_000, ""), row(3)
    with pytest.raises(BadData) as refusal:
        read_table(csv_of(*lines[:5], *lines[5:]).replace(b"1,5\n", b'"1.2.3"\n'), "items", name="big.csv")
    assert [(error.row, error.code) for error in refusal.value.errors] == [
        (5, "key.duplicate"),
        (7, "money.unparseable"),
        (150_002, "cell.missing"),
        (200_001, "key.duplicate"),
    ]


def test_formats_are_decided_from_the_whole_file_not_from_its_first_chunk() -> None:
    lines = [f'I{n},C,03/04/2026,2026-05-01,CNY,"1,{n % 10}00"' for n in range(30)]
    lines.append('Z,C,25/04/2026,2026-05-01,CNY,"1,234.56"')
    chunks = list(iter_chunks(csv_of(*lines), "items", chunk_rows=5))
    assert chunks[0].table["document_date"].to_pylist()[0] == date(2026, 4, 3)
    assert chunks[0].table["amount"].to_pylist()[1] == Decimal(1100)


def test_the_same_number_in_two_entities() -> None:
    data = csv_of(row(1) + ",A", row(1) + ",B", head=HEAD + ",entity")
    with pytest.raises(BadData):
        read_table(data, "items")
    assert read_table(data, "items", unique_per_entity=True).rows == 2
    with pytest.raises(BadData):
        read_table(csv_of(row(1), row(1)), "items", unique_per_entity=True)


def test_progress_is_told() -> None:
    told: list[tuple[int, int | None]] = []
    read_table(csv_of(row(1), row(2)), "items", progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 2)]


def test_profile_words_for_no_value() -> None:
    columns = {name: name for name in HEAD.split(",")} | {"settled_date": "settled_date"}
    profile = Profile("own", "items", columns=columns, null_values=("NULL", "n/a"))
    data = csv_of(row(1) + ",NULL", row(2) + ",n/a", head=HEAD + ",settled_date")
    assert read_table(data, "items", profile=profile).table["settled_date"].null_count == 2


def test_signs_by_profile() -> None:
    columns = {name: name for name in HEAD.split(",")} | {"kind": "kind"}
    data = csv_of(row(1, "-5") + ",", row(2, "5") + ",DG", row(3, "5") + ",RV", head=HEAD + ",kind")
    profile = Profile(
        "own",
        "items",
        columns=columns,
        kinds={"DG": "credit_memo", "RV": "invoice"},
        negative_invoice="credit_memo",
        positive_credit="negate",
    )
    table = read_table(data, "items", profile=profile).table
    assert table["kind"].to_pylist() == ["credit_memo", "credit_memo", "invoice"]
    assert table["amount"].to_pylist() == [Decimal(-5), Decimal(-5), Decimal(5)]


def test_amounts_in_ten_thousands_by_profile() -> None:
    head = HEAD.replace("amount", "金额(万元)")
    profile = Profile(
        "own", "items", columns={**{n: n for n in HEAD.split(",")[:-1]}, "amount": "金额(万元)"}, amount_unit=10000
    )
    assert read_table(csv_of(row(1, "1.2345"), head=head), "items", profile=profile).table["amount"].to_pylist() == [
        Decimal(12345)
    ]


def test_a_mapping_is_enough() -> None:
    data = csv_of("1,C,2026-01-01,2026-02-01,7", head="a,b,c,d,e")
    mapping = {"item_id": "a", "customer_id": "b", "document_date": "c", "due_date": "d", "amount": "e"}
    result = read_table(data, "items", mapping=mapping, currency="CNY")
    assert result.mapping == mapping
    assert result.table["amount"].to_pylist() == [Decimal(7)]


def test_limits(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="1 fault ") as refusal:
        read_table(csv_of(row(1)), "items", name="a.csv", limits=Limits(csv=50))
    assert refusal.value.errors[0].code == "file.too_large"
    for source, code in ((tmp_path / "none.csv", "file.unreadable"), (tmp_path, "file.unknown_type")):
        with pytest.raises(BadData) as refusal:
            read_table(source, "items")
        assert refusal.value.errors[0].code in {code, "file.unreadable"}
    with pytest.raises(BadData) as refusal:
        read_table(csv_of(row(1)), "items", name="a.xls")
    assert refusal.value.errors[0].code == "file.unknown_type"
    with pytest.raises(Refusal, match="not one of"):
        read_table(csv_of(row(1)), "invoices")


def test_the_errors_column_of_an_annotated_file_is_ignored() -> None:
    data = csv_of("amount: wrong," + row(1), head="huikuan_errors," + HEAD)
    assert read_table(data, "items").rows == 1


def test_layout_faults_come_before_the_first_chunk() -> None:
    with pytest.raises(BadData):
        open_table(b"a,b\n1,2\n", "items")


@pytest.mark.practice("D1", "K7")
@pytest.mark.parametrize(
    ("name", "rows", "customers"),
    [("ibm_late_payments", 2466, 100), ("sap_history", 30409, None), ("sap_open", 9681, None)],
)
def test_sample_files_read_as_they_are(samples: Path, name: str, rows: int, customers: int | None) -> None:
    result = read_table(samples / "ar" / f"{name}.csv", "items")
    assert (result.profile, result.rows) == (name, rows)
    assert result.table["currency"].unique().to_pylist() == ["USD"]
    derived = derive_customers(result.table)
    assert derived.schema == arrow_schema("customers")
    assert derived["name"].null_count == 0
    if customers:
        assert derived.num_rows == customers


def test_sample_details(samples: Path) -> None:
    opened = read_table(samples / "ar" / "sap_open.csv", "items")
    assert sum(warning.code == "item.due_before_document" for warning in opened.warnings) == 27
    assert opened.table["open_amount"].null_count == opened.rows
    snapshot = read_table(samples / "ar" / "sap_open.csv", "items", snapshot_date=date(2020, 5, 20))
    assert snapshot.table["open_amount"] == snapshot.table["amount"]
    assert not any(str(one).startswith("0") for one in opened.table["customer_id"].unique().to_pylist())
    paid = read_table(samples / "ar" / "ibm_late_payments.csv", "items").table
    assert paid["disputed"].unique().to_pylist() == [False, True]
    assert paid["document_date"].to_pylist()[0] == date(2012, 1, 3)


def test_derived_customers_take_the_usual_name() -> None:
    lines = [f"{row(n)},{name}" for n, name in enumerate(["Beta", "Alpha", "Alpha", "", "x;y", "", "", "Alpha"])]
    table = read_table(csv_of(*lines, head=HEAD + ",customer_name"), "items").table
    derived = {one["customer_id"]: (one["name"], one["aliases"]) for one in derive_customers(table).to_pylist()}
    assert derived["C0"] == ("Alpha", "Beta")
    assert derived["C3"] == ("C3", None)
    assert derived["C4"] == ("x;y", None)


@pytest.mark.parametrize(("head", "tail"), [(",,", ",,"), ("", ","), (",", ","), (",,", ",, ")])
def test_empty_columns_at_the_end_do_no_harm(head: str, tail: str) -> None:
    data = csv_of(row(1) + tail, row(2) + tail, head=HEAD + head)
    assert read_table(data, "items").rows == 2


def test_a_cell_of_megabytes_is_refused() -> None:
    with pytest.raises(BadData) as refusal:
        read_table(csv_of(row(1), "x" * (20 << 20), row(2)), "items")
    assert refusal.value.errors[0].code in {"file.quote", "file.broken", "row.width"}
    quoted = csv_of(row(1), '2,"' + "x\n" * (9 << 20) + '",b', row(2))
    with pytest.raises(BadData) as refusal:
        read_table(quoted, "items")
    assert (refusal.value.errors[0].code, refusal.value.errors[0].row) == ("file.quote", 3)


def test_a_table_of_thousands_of_columns_is_refused() -> None:
    with pytest.raises(BadData) as refusal:
        read_table((",".join(f"c{n}" for n in range(3000)) + "\n").encode(), "items")
    assert refusal.value.errors[0].code == "file.too_large"


@pytest.mark.parametrize("held", [0, 3, 1000])
def test_duplicates_are_found_in_memory_and_on_disk(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(files_unique, "HELD_ROWS", held)
    lines = [row(number % 9) + "," + "AB"[number % 2] for number in range(12)] + [row(0) + ","] * 2
    chunks = list(iter_chunks(csv_of(*lines, head=HEAD + ",entity"), "items", chunk_rows=2, unique_per_entity=True))
    assert chunks[-1].refused_rows.to_pylist() == [14, 15]
    chunks = list(iter_chunks(csv_of(*lines, head=HEAD + ",entity"), "items", chunk_rows=2))
    assert chunks[-1].refused_rows.to_pylist() == [2, 3, 4, 11, 12, 13, 14, 15]
    assert "'I0' stands in 4 rows: 2, 11, 14, 15" in chunks[-1].errors[0].reason


def test_quotes_that_swallow_rows_are_refused() -> None:
    """Two stray quotes pair up over the rows between them; those rows must not vanish in a cell."""
    lines = [row(1) + ",a", row(2) + ',"b', row(3) + ",c", row(4) + ',d"x', row(5) + ",e"]
    for head in (HEAD + ",region", HEAD + ",notes"):
        with pytest.raises(BadData) as refusal:
            read_table(csv_of(*lines, head=head), "items", name="a.csv")
        assert [(error.row, error.code) for error in refusal.value.errors] == [(3, "file.quote")]


def test_stray_quotes_within_a_line_do_no_harm() -> None:
    data = csv_of(row(1) + ',5" pipe', row(2) + ',"6""pipe"', row(3) + ',7" pipe', head=HEAD + ",product")
    assert read_table(data, "items").table["product"].to_pylist() == ['5" pipe', '6"pipe', '7" pipe']


def test_percentages_that_look_like_fractions_are_reported() -> None:
    data = csv_of(row(1) + ",0.02", row(2) + ",", head=HEAD + ",discount_percent")
    assert [warning.code for warning in read_table(data, "items").warnings] == ["percent.fractions"]


def test_chinese_far_behind_is_found_and_a_western_letter_too() -> None:
    filler = "".join(f"{row(n)},ascii\n" for n in range(60_000))
    head = HEAD + ",customer_name\n"
    data = (head + filler + row(60_001) + ",甲乙丙\n").encode("gb18030")
    assert read_table(data, "items").encoding == "gb18030"
    with pytest.raises(BadData) as refusal:
        read_table((head + filler + row(60_001) + ",Müller\n").encode("latin-1"), "items")
    assert refusal.value.errors[0].code == "file.encoding"
