"""How many wrong lines prove a share: exact bounds, and places that may all be looked at."""

from __future__ import annotations

import random
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.engines.match_bar import Outcome, set_bar
from huikuan.engines.match_proof import allowances, at_most, lines_needed, upper_bound

pytestmark = pytest.mark.practice("E3")


@pytest.mark.parametrize(("errors", "lines"), [(0, 2995), (1, 4742), (2, 6294)])
def test_so_many_lines_prove_one_in_a_thousand(errors: int, lines: int) -> None:
    assert lines_needed(errors, 0.001, 0.05) == lines
    assert upper_bound(errors, lines, 0.05) == pytest.approx(0.001, rel=0.001)


@given(errors=st.integers(0, 6), count=st.integers(1, 60), share=st.floats(0.001, 0.6))
@settings(max_examples=100, deadline=None)
def test_chances_are_the_binomial_ones(errors: int, count: int, share: float) -> None:
    wanted = sum(comb(count, wrong) * share**wrong * (1 - share) ** (count - wrong) for wrong in range(errors + 1))
    assert at_most(errors, count, share) == pytest.approx(min(wanted, 1.0), rel=1e-9)


def test_what_one_place_can_prove_is_the_known_bound() -> None:
    assert allowances(2994, 0.001, 0.05) == ()
    assert allowances(4800, 0.001, 0.05) == ((2995, 0),)
    assert allowances(8000, 0.001, 0.05) == ((3778, 0), (5464, 1), (7095, 2))


@given(whole=st.integers(1, 400), share=st.sampled_from([0.01, 0.03, 0.1]), part=st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=60, deadline=None)
def test_all_places_together_keep_within_the_improbability(whole: int, share: float, part: float) -> None:
    """Counted line by line, another way: the chance that lines at the edge ever have as few wrong ones."""
    places = dict(allowances(whole, share, part))
    assert list(places) == sorted(places) and list(places.values()) == sorted(places.values())
    assert all(at <= whole and at_most(wrong, at, share) <= part for at, wrong in places.items())
    chances, missed = {0: 1.0}, 0.0
    for at in range(1, whole + 1):
        after: dict[int, float] = {}
        for wrong, chance in chances.items():
            after[wrong] = after.get(wrong, 0.0) + chance * (1 - share)
            after[wrong + 1] = after.get(wrong + 1, 0.0) + chance * share
        held = places.get(at, -1)
        missed += sum(chance for wrong, chance in after.items() if wrong <= held)
        chances = {wrong: chance for wrong, chance in after.items() if wrong > held}
    assert missed <= part * (1 + 1e-9)


def test_companies_at_the_edge_fail_in_one_of_twenty() -> None:
    """Whatever is hoped for, and wherever one looks: of 4,000 pasts wrong a little more often than promised."""
    chance = random.Random(11)
    places = allowances(8000, 0.001, 0.05)
    failed = 0
    for _ in range(4000):
        wrong, at = [], 0.0
        while at < 8000:
            at += chance.expovariate(0.00101)
            wrong.append(at)
        failed += any(sum(one <= place for one in wrong) <= allowed for place, allowed in places)
    assert 0.03 < failed / 4000 < 0.06


def test_two_wrong_ones_among_the_surest_end_nothing_that_the_rest_proves() -> None:
    outcomes = [Outcome(1 - at / 1e6, at not in (3, 4208), 100) for at in range(7700)]
    bar = set_bar(outcomes, 0.001, 0.95, currency="CNY")
    assert (bar.above, bar.errors) == (7700, 2)
    one_more = [Outcome(1 - at / 1e6, at not in (3, 4208, 7200), 100) for at in range(7700)]
    bar = set_bar(one_more, 0.001, 0.95, currency="CNY")
    assert (bar.above, bar.errors) == (7200, 2)
    assert bar.bound is not None and bar.bound < 0.001


def test_lines_that_stand_alike_are_let_through_together() -> None:
    outcomes = [Outcome(0.999, True, 100)] * 3500 + [Outcome(0.998, at != 3, 100) for at in range(100)]
    bar = set_bar(outcomes, 0.001, 0.95, currency="CNY")
    assert (bar.above, bar.threshold) == (3500, 0.999)
