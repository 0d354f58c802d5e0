"""The engine gives the figures of the slow reference in ``core``, on any history and any question."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core import ageing as core
from huikuan.core.refusals import Refusal
from huikuan.engines.age import age, age_answer, open_items
from tests.engines.ageing_histories import histories, questions, tables

pytestmark = pytest.mark.practice("D3")


def ask(question: core.AgeingQuestion) -> Any:
    return {name: getattr(question, name) for name in core.AgeingQuestion.__slots__}


def rows_of(table: pa.Table, question: core.AgeingQuestion) -> set[tuple[Any, ...]]:
    found = [
        (tuple(row[name] for name in question.by), row["currency"], row["bucket"], row["open_amount"], row["items"])
        for row in table.to_pylist()
    ]
    assert len(found) == len(set(found))
    return set(found)


def reference(history: core.AgeingHistory, question: core.AgeingQuestion) -> set[tuple[Any, ...]]:
    return {(r.group, r.currency, r.bucket, r.open_amount, r.items) for r in core.age(history, question)}


def code_of(call: Any) -> str | None:
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return None


@given(histories(), questions())
@settings(max_examples=100, deadline=None)
def test_engine_is_the_reference(history: core.AgeingHistory, question: core.AgeingQuestion) -> None:
    refused = code_of(lambda: core.age(history, question))
    if refused:
        assert code_of(lambda: age(**tables(history), **ask(question))) == refused
        return
    answer = age_answer(**tables(history), **ask(question))
    assert rows_of(answer.table, question) == reference(history, question)
    if question.basis == "effective":
        assert answer.bridge is not None
        lines = [core.BridgeLine(*row.values()) for row in answer.bridge.to_pylist()]
        assert lines == core.bridge(history, question)


@given(histories(), questions())
@settings(max_examples=25, deadline=None)
def test_drill_down_is_the_reference(history: core.AgeingHistory, question: core.AgeingQuestion) -> None:
    question = replace(question, snapshot_date=question.as_of, known_on=None)
    found = open_items(**{n: t for n, t in tables(history).items() if n != "receipts"}, **ask(question)).to_pylist()
    expected = core.open_items(history, question)
    assert {(r["item_id"], r["open_amount"], r["days_past_due"], r["bucket"]) for r in found} == {
        (r.item.item_id, r.open, r.days, r.bucket) for r in expected
    }
    assert len(found) == len(expected)
    assert [row["days_past_due"] for row in found] == sorted((r.days for r in expected), reverse=True)


@given(histories(own_history=False), questions(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_invariants(history: core.AgeingHistory, question: core.AgeingQuestion, chance: random.Random) -> None:
    """Total = Σ open; the order of rows does not matter; wide is long turned; customers apart is all together."""
    given: Any = tables(history)
    long = age(**given, **ask(question))
    totals: dict[str, Decimal] = {}
    for item in core.open_items(history, question):
        totals[item.item.currency] = totals.get(item.item.currency, Decimal(0)) + item.open
    for receipt, rest in core.unapplied_receipts(history, question):
        totals[receipt.currency] = totals.get(receipt.currency, Decimal(0)) - rest
    wide = age(**given, **ask(question), wide=True).to_pylist()
    for currency, total in totals.items():
        assert sum(r["open_amount"] for r in long.to_pylist() if r["currency"] == currency) == total
        assert sum(r["total"] for r in wide if r["currency"] == currency) == total
    for row in long.to_pylist():
        turned = next(r for r in wide if all(r[name] == row[name] for name in (*question.by, "currency")))
        assert turned[row["bucket"]] == row["open_amount"]

    def shuffled(part: pa.Table | None) -> pa.Table | None:
        return part and part.take(chance.sample(range(part.num_rows), part.num_rows))

    turned_about: Any = {name: shuffled(part) for name, part in given.items()}
    assert age(**turned_about, **ask(question)) == long

    if "customer_id" in question.by:
        parts = []
        for customer in ("C1", "C2", "王"):
            split: Any = {
                name: part and part.filter(pa.compute.equal(part["customer_id"], customer))
                for name, part in given.items()
                if name != "applications"
            }
            parts.append(age(applications=given["applications"], **split, **ask(question)))
        assert rows_of(pa.concat_tables(parts), question) == rows_of(long, question)
