"""What the benchmark of the matcher is measured on: the generated truth holds together, and a seed is a seed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks._match_data import DEV_SEEDS, TEST_SEEDS, Company, make_company
from benchmarks._match_other import make_other
from benchmarks._match_rules import best_threshold, run_oracle
from benchmarks._match_score import Score, calibration_error, diagram, is_right, money_bound, upper_bound
from benchmarks._match_text import belgian, creditor_reference, mod97, qr_reference

pytestmark = pytest.mark.practice("E3")

SMALL = {"lines": 250, "history": 500}


def digest(company: Company) -> str:
    found = hashlib.sha256()
    for table in (company.items, company.customers, company.lines, company.history):
        found.update(repr(table.to_pydict()).encode())
    found.update(repr([(line.line_id, line.kind, line.label) for line in company.truth]).encode())
    return found.hexdigest()


@pytest.fixture(scope="module", params=["usual", "drift", "larger", "german", "chinese"])
def company(request: pytest.FixtureRequest) -> Company:
    if request.param in ("german", "chinese"):
        return make_other(1 if request.param == "german" else 2, **SMALL)
    return make_company(1, **SMALL, drift=request.param == "drift", items=9000 if request.param == "larger" else 0)


def test_every_line_is_paid_out_to_the_cent(company: Company) -> None:
    for line in (*company.past, *company.truth):
        explained = sum(cash for _, cash in line.rows) + line.unapplied_minor
        assert explained == line.amount_minor or (line.payer is None and not line.rows), line
        assert line.amount_minor > 0 and line.unapplied_minor >= 0, line


def test_what_is_open_is_what_was_not_paid(company: Company) -> None:
    """Open in the file at the cut, less what the new lines take of it, is never past zero."""
    columns = ("item_id", "amount", "open_amount", "settled_date")
    rows = zip(*(company.items.column(name).to_pylist() for name in columns), strict=True)
    left = {item: amount if opened is None else opened for item, amount, opened, settled in rows if settled is None}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.truth:
        for item, cash in line.rows:
            taken[item.item_id] += Decimal(cash).scaleb(-2)
        for item, _, cash, closes in line.deductions:
            taken[item.item_id] += Decimal(cash).scaleb(-2) if closes else Decimal(0)
    for item_id, total in taken.items():
        assert (left[item_id] - total) * left[item_id] >= 0, item_id


def test_history_adds_up_and_names_items_of_the_file(company: Company) -> None:
    known = dict(zip(company.items["item_id"].to_pylist(), company.items["document_number"].to_pylist(), strict=True))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    amounts = {}
    for row in company.history.to_pylist():
        sums[row["line_id"]] += row["applied"]
        amounts[row["line_id"]] = row["amount"]
        assert row["item_id"] is None or known[row["item_id"]] == row["document_number"]
    assert sums == amounts
    assert not set(amounts) & set(company.lines["line_id"].to_pylist())
    assert max(company.history["booking_date"].to_pylist()) < min(company.lines["booking_date"].to_pylist())


def test_keys_are_unique_and_customers_known(company: Company) -> None:
    for table, key in ((company.items, "item_id"), (company.customers, "customer_id"), (company.lines, "line_id")):
        values = table[key].to_pylist()
        assert len(values) == len(set(values)), key
    customers = set(company.customers["customer_id"].to_pylist())
    assert set(company.items["customer_id"].to_pylist()) <= customers
    assert set(company.history["customer_id"].drop_null().to_pylist()) <= customers
    assert set(company.customers["parent_id"].drop_null().to_pylist()) <= customers


def test_the_files_pass_our_own_reading(company: Company, tmp_path: Path) -> None:
    from huikuan.engines.files import read_table
    from huikuan.engines.schemas import SCHEMAS

    for kind, path in company.write(tmp_path).items():
        if kind in SCHEMAS:
            answer = read_table(path, kind)  # raises with every fault
            assert answer.rows == getattr(company, kind).num_rows and not answer.warnings


def test_a_seed_gives_the_same_bytes_everywhere() -> None:
    program = (
        "from benchmarks._match_data import make_company; from tests.benchmarks.test_match_data import digest;"
        "print(digest(make_company(2, lines=100, history=200)))"
    )
    # Another order of sets than in this process.
    env = {"PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"}
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    assert told == digest(make_company(2, lines=100, history=200)) + "\n"
    assert told != digest(make_company(3, lines=100, history=200)) + "\n"
    assert not set(DEV_SEEDS) & set(TEST_SEEDS)


def test_the_oracle_is_never_wrong_and_labels_are_of_every_kind(company: Company) -> None:
    told, scored = run_oracle(company), Score()
    for line in company.truth:
        scored.add(line, told.get(line.line_id))
    assert scored.auto_wrong == 0 and scored.ambiguous_posted == 0
    assert scored.auto == scored.determinable == scored.determinable_right
    assert 0.8 < scored.auto / scored.lines < 0.995


def test_a_wrong_item_amount_or_payer_is_wrong() -> None:
    company = make_company(1, **SMALL)
    told = run_oracle(company)
    plain = next(line for line in company.truth if line.label == "determinable" and line.kind == "exact")
    for change in ({"unapplied_minor": 1}, {"applied": {"other": plain.amount_minor}}, {"closing_minor": 5}):
        one = told[plain.line_id]
        before = {name: getattr(one, name) for name in change}
        for name, value in change.items():
            setattr(one, name, value)
        assert not is_right(plain, one)
        for name, value in before.items():
            setattr(one, name, value)
        assert is_right(plain, one)


@pytest.mark.parametrize(
    ("errors", "count", "bound"), [(0, 2995, 0.00099974), (0, 10, 0.2588655), (1, 10, 0.3941633), (5, 100, 0.1022534)]
)
def test_bounds_are_the_textbook_ones(errors: int, count: int, bound: float) -> None:
    assert upper_bound(errors, count) == pytest.approx(bound, rel=1e-4)


def test_the_bound_by_money_covers_what_it_says() -> None:
    import random

    chance, missed = random.Random(7), 0
    for _ in range(200):
        weights = [chance.random() ** 3 for _ in range(600)]
        losses = [one if chance.random() < 0.02 else 0.0 for one in weights]
        missed += money_bound(losses, weights) < 0.02
    assert missed <= 20


def test_calibration_and_diagram() -> None:
    fair = [(0.75, place % 4 > 0) for place in range(400)]
    assert calibration_error(fair) == pytest.approx(0)
    assert calibration_error([(1.0, False)] * 10) == pytest.approx(1)
    assert "<svg" in diagram(fair, "title") and "0.7500 said, 0.7500 right" in diagram(fair, "title")
    assert best_threshold([(0.9, True)] * 50 + [(0.5, False)] * 50) == 0.9


def test_structured_references_carry_valid_check_digits() -> None:
    compact = creditor_reference("INV-2026-00012").replace(" ", "")
    assert mod97(compact[4:] + compact[:4]) == 1
    assert creditor_reference("539007547034").replace(" ", "") == "RF18539007547034"
    assert qr_reference("21000000000313947143000901") == "210000000003139471430009017"
    digits = belgian("0903373417").strip("+").replace("/", "")
    assert (int(digits[:10]) % 97 or 97) == int(digits[10:])


def test_tables_are_arrow() -> None:
    assert isinstance(make_company(1, lines=50, history=100).lines, pa.Table)
