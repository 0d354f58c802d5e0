"""The parts of the matcher: check digits, sums against brute force, the bar's promise, what is learned."""

from __future__ import annotations

import itertools
import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.engines.match_bar import (
    Outcome,
    draw_audit_sample,
    is_over,
    set_bar,
    update_bar,
)
from huikuan.engines.match_learn import ConfirmedLine, Knowledge
from huikuan.engines.match_payers import latin_key, name_key, pinyin_key
from huikuan.engines.match_structured import structured_of
from huikuan.engines.match_sums import find_sums
from huikuan.engines.match_text import noise_of, normal_text
from huikuan.engines.match_types import BarReport

pytestmark = pytest.mark.practice("E3")


@pytest.mark.practice("E8")
def test_structured_references_are_found_in_a_text() -> None:
    found = structured_of("PAY RF18 5390 0754 7034 AND +++010/8068/17183+++")
    assert [number for number, _, _, _ in found] == ["539007547034", "0108068171"]


def test_dates_amounts_telephones_and_accounts_are_told_from_numbers() -> None:
    text = normal_text("INV 10023 dd 2026-03-12, 1,250.00 TEL 010-88886666 DE89 3704 0044 0532 0130 00").text
    assert sorted(text[a:b].strip() for a, b in noise_of(text)) == [
        "1,250.00",
        "2026-03-12",
        "DE89 3704 0044 0532 0130 00",
        "TEL 010-88886666",
    ]


@given(
    st.lists(st.integers(-9, 30).filter(bool), min_size=1, max_size=10),
    st.integers(-20, 60),
)
@settings(max_examples=150, deadline=None)
def test_sums_are_counted_as_brute_force_counts_them(amounts: list[int], target: int) -> None:
    wanted = [
        one
        for size in range(1, len(amounts) + 1)
        for one in itertools.combinations(range(len(amounts)), size)
        if sum(amounts[at] for at in one) == target
    ]
    found = find_sums(amounts, target, keep=10_000)
    assert found.count == len(wanted)
    assert set(found.sets) == set(wanted[: len(found.sets)]) or set(found.sets) <= set(wanted)
    assert list(found.sets) == sorted(found.sets, key=lambda one: (len(one), one))


@given(
    st.lists(st.integers(-40, 400).filter(bool), min_size=1, max_size=14),
    st.lists(st.integers(2000, 9000), min_size=0, max_size=30),
    st.integers(1, 3),
    st.data(),
)
@settings(max_examples=80, deadline=None)
def test_items_too_large_to_be_in_a_set_change_no_sum(
    amounts: list[int], large: list[int], size_max: int, data: st.DataObject
) -> None:
    """They stand anywhere among the others; of many items sets of up to three are counted, as of few."""
    mixed = data.draw(st.permutations(amounts + large))
    target = sum(data.draw(st.lists(st.sampled_from(amounts), min_size=1, max_size=3)))
    wanted = sorted(
        tuple(sorted(mixed[at] for at in one))
        for size in range(1, size_max + 1)
        for one in itertools.combinations(range(len(mixed)), size)
        if sum(mixed[at] for at in one) == target
    )
    found = find_sums(mixed, target, size_max=size_max, keep=10_000)
    assert found.count == len(wanted)
    assert sorted(tuple(sorted(mixed[at] for at in one)) for one in found.sets) == wanted


@pytest.mark.parametrize("size_max", [2, 3, 5, 8])
def test_of_equal_items_small_sets_are_counted_without_looking_at_the_large_ones(size_max: int) -> None:
    """Of 26 equal items ten million sets of 13 give the amount, and none of them is small enough."""
    for size in range(1, 6):
        found = find_sums([700] * 12, 700 * size, size_max=size_max)
        assert found.count == (math.comb(12, size) if size <= size_max else 0)
    started = time.process_time()
    for amount in range(100, 130):
        assert find_sums([amount] * 26, 13 * amount, size_max=size_max).sets == ()
    assert time.process_time() - started < 5  # One by one they would take half a second each.


@pytest.mark.parametrize("count", [30, 80])
def test_of_many_items_small_sets_are_found_and_nothing_more_is_claimed(count: int) -> None:
    chance = random.Random(5)
    amounts = [chance.randrange(1000, 2000) * 7 for _ in range(count)]
    target = amounts[3] + amounts[12]
    found = find_sums(amounts, target)
    sizes = (1, 2, 3) if count <= 60 else (1, 2)
    wanted = [
        one
        for size in sizes
        for one in itertools.combinations(range(count), size)
        if sum(amounts[at] for at in one) == target
    ]
    assert (3, 12) in found.sets
    assert found.count == len(wanted)
    assert list(found.sets) == wanted[:12]
    assert not found.is_exact


def test_the_bar_keeps_its_promise_in_nineteen_of_twenty_companies() -> None:
    """Lines are wrong with a probability that only falls with their confidence; the chosen share is checked against
    it."""
    chance = random.Random(7)
    broken = proved = 0
    for _ in range(120):
        slope = chance.uniform(0.0, 0.02)
        outcomes = []
        for _ in range(5000):
            sure = chance.random()
            outcomes.append(Outcome(sure, chance.random() >= 0.0006 + slope * (1 - sure) ** 3, 100_000))
        bar = set_bar(outcomes, 0.002, 0.95, currency="CNY")
        if bar.threshold is not None:
            proved += 1
            width = 1 - bar.threshold
            broken += 0.0006 + slope * width**3 / 4 > 0.002
    assert proved > 20
    assert broken <= proved * 0.05 + 2


def test_with_too_little_history_the_missing_lines_are_told() -> None:
    bar = set_bar([Outcome(0.99, True, 100)] * 1000, 0.001, 0.95, currency="CNY")
    assert (bar.threshold, bar.reason, bar.lines_missing) == (None, "too_few", 1995)


def test_ambiguous_lines_are_never_let_through() -> None:
    outcomes = [Outcome(0.999, True, 100)] * 4000 + [Outcome(0.9999, False, 100, may_post=False)] * 50
    random.Random(1).shuffle(outcomes)
    bar = set_bar(outcomes, 0.001, 0.95, currency="CNY")
    assert bar.threshold is not None and bar.errors == 0


def test_a_drift_lets_only_the_latest_part_count() -> None:
    outcomes = [Outcome(0.998, at < 8000 or at % 10 > 0, 100) for at in range(10_000)]
    bar = set_bar(outcomes, 0.001, 0.95, currency="CNY")
    assert bar.threshold is None
    assert bar.reason == "drift"
    assert bar.drift is not None and bar.drift > 5


def test_the_audit_moves_the_bar() -> None:
    bar = set_bar([Outcome(1 - at / 1e6, True, 100) for at in range(5000)], 0.001, 0.95, currency="CNY")
    same = update_bar(bar, [Outcome(0.999, True)] * 50)
    assert (same.threshold, same.audited) == (bar.threshold, 50)
    moved = update_bar(same, [Outcome(0.9952, False), Outcome(0.9953, False)])
    assert moved.threshold is not None and moved.threshold > 0.9953
    gone = update_bar(moved, [Outcome(0.99999, False)])
    assert (gone.threshold, gone.reason) == (None, "audit")


@given(
    wrong=st.lists(st.tuples(st.floats(0.9, 1.0), st.integers(0, 2)), min_size=1, max_size=4),
    lines=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 2)), max_size=30),
)
@settings(max_examples=300, deadline=None)
def test_the_audit_moves_the_bar_in_its_order(wrong: list[tuple[float, int]], lines: list[tuple[float, int]]) -> None:
    """What stands no higher than a wrong one is held back, whatever its degree of doubt; what stands higher stays."""
    bar = BarReport(threshold=0.93, threshold_others=0.95, threshold_doubted=0.97, reason="")
    moved = update_bar(bar, [Outcome(sure, False, back=back) for sure, back in wrong])
    highest = max(Outcome(sure, False, back=back).standing for sure, back in wrong)
    if moved.threshold is None:
        named = Outcome(1 - 0.07 * 0.05 - 1e-8, True).standing
        assert moved.reason == "audit" and highest >= named
        return
    for sure, back in [*lines, *wrong, (1.0, 0), (1.0, 1), (1.0, 2)]:
        stands = Outcome(sure, True, back=back).standing
        if abs(stands - highest) > 1e-6:
            assert is_over(moved, sure, back) == (is_over(bar, sure, back) and stands > highest)
        elif stands <= highest:
            assert not is_over(moved, sure, back)


def test_a_doubtful_wrong_one_leaves_what_is_named() -> None:
    """One without a number told at 99.8 % stands where 99.46 % with all numbers does."""
    bar = BarReport(threshold=0.93, threshold_others=0.95, threshold_doubted=0.97, reason="")
    moved = update_bar(bar, [Outcome(0.998, False, back=1)])
    assert moved.threshold == pytest.approx(0.99459, abs=0.0001)
    assert is_over(moved, 0.9980001, 1) and not is_over(moved, 0.998, 1)
    assert not is_over(moved, 1.0, 2)
    # Told at 100 %: it was among the surest, so the past is gone through again.
    assert update_bar(bar, [Outcome(1.0, False, back=1)]).reason == "audit"


def test_the_audit_sample_is_the_same_in_any_order() -> None:
    names = [f"L{at}" for at in range(200)]
    drawn = draw_audit_sample(names, 0.05, 7)
    assert len(drawn) == 10
    assert drawn == draw_audit_sample(names[::-1], 0.05, 7)
    assert drawn != draw_audit_sample(names, 0.05, 8)


def test_learning_is_undone_and_forgotten() -> None:
    knowledge = Knowledge()
    one = ConfirmedLine("ACC1", "mueller", "Skonto 2%", ("C1",), ("lines", "single", "discount", "percent:20000"))
    other = ConfirmedLine("ACC1", "mueller", "", ("C2",), ("lines", "single", "exact"))
    knowledge.learn(one)
    before = knowledge.to_rows()
    knowledge.learn(other)
    assert knowledge.owners("account", "ACC1") == [("C1", 1, 2), ("C2", 1, 2)]
    knowledge.unlearn(other)
    assert knowledge.to_rows() == before
    assert Knowledge.from_rows(before).to_rows() == before
    assert knowledge.forget("account", "ACC1") == 1
    assert knowledge.owners("account", "ACC1") == []
    assert knowledge.habit("C1", "discount") == (1, 1)


def test_names_are_compared_without_form_and_in_any_script() -> None:
    assert name_key("Groß Werkzeuge e.K.") == name_key("Groß Werkzeuge GmbH & Co. KG")
    assert pinyin_key(name_key("上海华联贸易有限公司")) == latin_key(name_key("Shanghai Hualian Maoyi Youxian Gongsi"))
