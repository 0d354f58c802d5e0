"""The same money told twice is taken once; two genuine equal payments are two."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest
import python_calamine

from huikuan.bank.identity import KnownLine, account_key, find_known, fingerprints
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import BadStatement, Line, Statement, StatementFormat
from huikuan.cli.main import main
from tests.bank import seeds

pytestmark = pytest.mark.practice("E2")

LINE = Line(1, 1, date(2026, 4, 15), Decimal("300.00"), "EUR", remittance_text="INV 10023", payer_name="ACME")


def known(lines: list[Line], account: str, kind: StatementFormat) -> list[KnownLine]:
    keys = fingerprints(lines, account)
    return [KnownLine(key, line, kind) for key, line in zip(keys, lines, strict=True)]


def test_keys_are_the_same_for_the_same_file_and_two_for_equal_payments() -> None:
    twice = [LINE, replace(LINE, ordinal=2)]
    assert fingerprints(twice, "DE1") == fingerprints(twice, "de 1")
    assert len(set(fingerprints(twice, "DE1"))) == 2
    assert fingerprints(twice[:1], "DE1") == fingerprints(twice, "DE1")[:1]
    assert set(fingerprints(twice, "DE1")).isdisjoint(fingerprints(twice, "DE2"))
    # Amounts are compared by value, references of no meaning count as none.
    assert fingerprints([replace(LINE, amount=Decimal(300), bank_reference="NONREF")], "1") == fingerprints([LINE], "1")


def test_accounts_written_in_two_ways() -> None:
    assert account_key("37040044/0532013000") == account_key("DE89 3704 0044 0532 0130 00")
    assert account_key("37040044/532013000") == account_key("DE89370400440532013000")
    assert account_key("12-34-56 00112233") == "12345600112233"


def test_a_part_of_a_day_and_the_whole_day() -> None:
    morning = [LINE]
    evening = Statement(
        StatementFormat.MT940, lines=(LINE, replace(LINE, ordinal=2), replace(LINE, ordinal=3, amount=Decimal(1)))
    )
    assert set(find_known(known(morning, "1", StatementFormat.MT940), evening)) == {1}


def test_another_format_is_compared_by_day_and_amount_the_likest_first() -> None:
    stored = [
        replace(LINE, remittance_text="rent april", payer_name="Landlord"),
        replace(LINE, ordinal=2, remittance_text="invoice INV 10023 of ACME", payer_name=""),
    ]
    told = Statement(StatementFormat.CAMT053, lines=(replace(LINE, bank_reference="X9"),))
    stored_keys = known(stored, "1", StatementFormat.MT940)
    assert find_known(stored_keys, told) == {1: stored_keys[1].key}
    # In the same format another text is another payment.
    again = Statement(StatementFormat.MT940, lines=(LINE,))
    assert find_known(known(stored, "1", StatementFormat.MT940), again) == {}


def test_many_equal_payments_of_a_day_are_paired_in_no_time() -> None:
    stored = [replace(LINE, ordinal=number) for number in range(1, 20_001)]
    told = Statement(
        StatementFormat.CAMT053, lines=tuple(replace(LINE, ordinal=n, payer_name="A.") for n in range(1, 1_501))
    )
    same = Statement(StatementFormat.MT940, lines=(*stored, replace(LINE, ordinal=20_001)))
    started = time.process_time()
    assert set(find_known(known(stored, "1", StatementFormat.MT940), same)) == set(range(1, 20_001))
    assert len(find_known(known(stored[:2_000], "1", StatementFormat.MT940), told)) == 1_500
    assert time.process_time() - started < 20


def test_another_reference_is_another_payment() -> None:
    stored = known([replace(LINE, bank_reference="A1")], "1", StatementFormat.CAMT053)
    told = Statement(StatementFormat.CAMT053, lines=(replace(LINE, bank_reference="A2"),))
    assert find_known(stored, told) == {}


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        main(arguments)
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    told = capsys.readouterr()
    return code, told.out, told.err


def write(folder: Path, **texts: str) -> list[str]:
    paths = []
    for name, text in texts.items():
        path = folder / name.replace("_", ".")
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths


def test_command_reads_several_formats_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, a_xml=seeds.CAMT, b_sta=seeds.MT940, c_xml=seeds.CAMT)
    out = tmp_path / "lines.csv"
    code, said, _ = run(["bank", *paths, "-o", str(out)], capsys)
    assert code == 0
    assert "2 lines of 3 statements, 4 told by another statement already" in said
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [(row["booking_date"], row["amount"], row["payer_name"], row["row"]) for row in rows] == [
        ("2026-04-15", "300.00", "ACME Ltd", "8"),
        ("2026-04-15", "-65.44", "", "9"),
    ]
    assert len({row["line_id"] for row in rows}) == 2


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_command_writes_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    paths = write(tmp_path, a_xml=seeds.CAMT)
    out = tmp_path / f"lines.{suffix}"
    assert run(["bank", *paths, "-o", str(out)], capsys)[0] == 0
    if suffix == "parquet":
        rows = pyarrow.parquet.read_table(out).to_pylist()
    else:
        head, *cells = python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
        rows = [dict(zip(head, row, strict=True)) for row in cells]
    assert [Decimal(str(row["amount"])) for row in rows] == [Decimal(300), Decimal("-65.44")]
    assert [row["booking_date"] for row in rows] == [date(2026, 4, 15)] * 2


def test_command_tells_all_faults_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, a_sta=seeds.MT940.replace("C300,", "C3x0,"), b_xml=seeds.CAMT.replace("1234.56", "1.00"))
    out = tmp_path / "lines.csv"
    code, _, said = run(["bank", *paths, "-o", str(out)], capsys)
    assert code == 65
    assert not out.exists()
    assert "a.sta:5::61:: '2604160415C3x0" in said
    assert "b.xml:7:closing balance: opening balance 1,000.00 + 2 lines 234.56 = 1,234.56" in said
    code, _, said = run(["bank", paths[1], "-o", str(out), "--accept-balances"], capsys)
    assert code == 0 and "accepted: b.xml:7" in said


def test_command_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = write(tmp_path, a_xml=seeds.CAMT)
    code, said, _ = run(["bank", path, "--json"], capsys)
    told = json.loads(said)
    assert code == 0
    assert (told["lines"], told["statements"][0]["account"]) == (2, "DE89370400440532013000")
    assert told["rows"][0]["amount"] == "300.00"
    code, _, said = run(["bank", path, "--json", "--currency", "EURO"], capsys)
    assert code == 2


def test_the_same_bytes_give_the_same_lines() -> None:
    assert read_statements(seeds.MT940.encode(), "a") == read_statements(seeds.MT940.encode(), "a")


def test_from_python() -> None:
    import huikuan

    table = huikuan.bank_lines(seeds.CAMT.encode(), seeds.MT940.encode())
    assert table.column("amount").to_pylist() == [Decimal("300.0000"), Decimal("-65.4400")]
    with pytest.raises(BadStatement):
        huikuan.bank_lines(seeds.CAMT.replace("1234.56", "1.00").encode())
