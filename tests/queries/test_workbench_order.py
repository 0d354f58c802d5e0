"""The workbench's order: whoever goes on from line to line meets each once before any comes again."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.matching import Deed, Rest
from huikuan.core.rights import Role
from huikuan.queries.bank_lines import lines_by_id
from huikuan.queries.workbench import progress
from huikuan.queries.workbench_order import Order, Wish, bench_page, following
from huikuan.services.line_asides import answer_question, ask_about_line, claim_line, park_line, unpark_line
from huikuan.services.line_decisions import Choice
from huikuan.services.matching import run_matching
from huikuan.store.models import LineQuestion, MatchProposal, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import Row
from tests.services.desk import SYSTEM, Counter
from tests.services.ledger import NOW

pytestmark = pytest.mark.practice("E4")


def test_what_comes_after_a_line() -> None:
    order = Order((1, 2, 3, 4, 5, 6), begun={2: 90, 5: 80}, claimed=frozenset({4}))
    assert order.after(3) == [6, 1, 5, 2, 4], "further down, from the top, begun longest ago, somebody else's"
    assert order.after(2) == [3, 6, 1, 5, 4]
    assert order.after(None) == order.after(77) == [1, 3, 6, 5, 2, 4]
    assert Order((7,)).after(7) == []
    # What is seen below comes first, in that order; what is begun or gone is not.
    assert order.after(3, shown=[1, 5, 88, 3]) == [1, 6, 5, 2, 4]


def test_pages_beside_a_line() -> None:
    order = Order(tuple(range(1, 8)))
    assert [order.beside(3, by) for by in (0, 1, -1, -9, 9)] == [3, 4, 2, 1, 7]
    assert order.beside(77, 1) is None
    assert [order.page_of(number, 3) for number in (1, 3, 4, 7)] == [1, 1, 2, 3]


@given(
    count=st.integers(1, 9),
    deeds=st.lists(st.sampled_from(["decide", "part", "undo", "come", "mix"]), max_size=60),
    seed=st.integers(),
)
def test_each_line_is_met_once_before_any_comes_again(count: int, deeds: list[str], seed: int) -> None:
    """The order changes meanwhile, lines come, decisions are taken back and made anew."""
    lots, numbers, begun = Random(seed), list(range(count)), dict[int, int]()
    gone: list[int] = []
    met: list[int] = []
    current: int | None = Order(tuple(numbers)).after(None)[0]
    for place, deed in enumerate(deeds):
        if current is None:
            return
        if deed == "mix":
            lots.shuffle(numbers)
            continue
        if deed == "come":
            numbers.insert(lots.randint(0, len(numbers)), 100 + place)
            continue
        if deed == "undo" and gone:
            current = gone.pop()
            numbers.insert(lots.randint(0, len(numbers)), current)
            begun.pop(current, None)
        met.append(current)
        ahead = Order(tuple(numbers), begun).after(current, shown=lots.sample(range(count), lots.randint(0, count)))
        if deed == "part":
            begun[current] = place + 1
            ahead.append(current)
        else:
            numbers.remove(current)
            gone.append(current)
        current = ahead[0] if ahead else None
        if current in met:
            since = met[len(met) - met[::-1].index(current) :]
            assert set(numbers) - {current} <= set(since), "another line was not met since this one was"


# -- on the books ----------------------------------------------------------------------------------------------------
def someone(name: str, desk: Counter) -> int:
    user = User.objects.create_user(name, f"{name}@example.com", "x")
    RoleGrant.objects.create(user=user, entity_id=desk.books.entity_id, role=Role.AR_CLERK.value, granted_at=NOW)
    return user.pk


@dataclass
class Clerk:
    """Goes through a list of lines by the rule."""

    desk: Counter
    user_id: int
    lines: list[int]
    items: dict[int, int]
    wish: Wish = field(default_factory=Wish)

    @classmethod
    def open(cls, count: int) -> Clerk:
        desk = Counter.open()
        items = [desk.books.item(100_00 + n, document_number=f"INV-1{n:04}") for n in range(count)]
        rows = [
            Row(f"{100 + n // 100}.{n % 100:02}", ref=f"B{n}", name=f"Payer {n}", text=f"INV-1{n:04}")
            for n in range(count)
        ]
        lines = desk.lines(*rows)
        run_matching(desk.books.entity_id, **SYSTEM)
        return cls(desk, someone("ann", desk), lines, dict(zip(lines, items, strict=True)))

    @property
    def who(self) -> dict[str, Any]:
        return {"actor_id": self.user_id, "now": NOW}

    def listed(self, **more: Any) -> list[int]:
        page, _ = bench_page(self.desk.books.entity_id, self.wish, user_id=self.user_id, now=NOW, **more)
        return [row.line.line_id for row in page.rows]

    def do(self, deed: str, line_id: int) -> int:
        """Handles a line; gives the decision's number, 0 where there is none."""
        entity, minor = self.desk.books.entity_id, lines_by_id([line_id])[line_id].open_minor
        if deed == "park":
            park_line(entity, line_id, "waits", **self.who)
        elif deed == "ask":
            ask_about_line(entity, line_id, self.user_id, "Whose?", **self.who)
        else:
            leg = self.desk.leg(self.items[line_id], 1 if deed == "part" else minor)
            rest = Rest.OPEN if deed == "part" else Rest.UNAPPLIED
            return self.desk.decide(line_id, Choice(Deed.APPLY, legs=(leg,), rest=rest), **self.who)
        return 0

    def goes_on(self, deed: str, line_id: int) -> Any:
        line = lines_by_id([line_id])[line_id]
        self.do(deed, line_id)
        return following(self.desk.books.entity_id, self.wish, line, user_id=self.user_id, now=NOW)


@pytest.mark.parametrize("sort", ["-confidence", "date", "-amount"])
def test_every_line_of_a_real_list_is_met_before_one_comes_again(sqlite_db: LedgerDb, sort: str) -> None:
    lots, clerk = Random(sort), Clerk.open(9)
    clerk.wish = Wish(sort=sort, size=3)
    current, met = clerk.lines[4], list[int]()
    for _ in range(24):
        met.append(current)
        deed = lots.choice(["apply", "part", "part", "part", "park", "ask", "undo"])
        line = lines_by_id([current])[current]
        if deed == "undo":
            clerk.desk.undo(clerk.do("part", current), **clerk.who)
            deed = "part"
        clerk.do(deed, current)
        for number in clerk.lines:
            MatchProposal.objects.filter(line_id=number).update(confidence=Decimal(lots.randint(0, 99)) / 100)
        found = following(clerk.desk.books.entity_id, clerk.wish, line, user_id=clerk.user_id, now=NOW)
        assert found.stays == (deed == "part")
        if found.line_id is None:
            break
        current = found.line_id
        if current in met:
            since = met[len(met) - met[::-1].index(current) :]
            clerk.wish = Wish(sort=sort)
            assert set(clerk.listed()) - {current} <= set(since)
            assert found.begun == len(clerk.listed())
    assert clerk.listed() == [] or len(met) == 24


def test_what_comes_next_in_a_list(sqlite_db: LedgerDb) -> None:
    clerk = Clerk.open(5)
    entity, lines = clerk.desk.books.entity_id, clerk.lines
    clerk.wish = Wish(sort="date", size=2)
    assert [clerk.listed(line_id=lines[at], by=by) for at, by in ((0, 0), (1, 1), (4, 1), (2, -1))] == [
        lines[:2],
        lines[2:4],
        lines[4:],
        lines[:2],
    ]
    claim_line(entity, lines[3], actor_id=someone("bob", clerk.desk), now=NOW)
    # Left in part it stays, and the one after it comes; what somebody else has open is passed by.
    found = clerk.goes_on("part", lines[2])
    assert (found.line_id, found.stays, found.begun) == (lines[4], True, 0)
    assert progress(entity, user_id=None, now=NOW).begun == 1
    # From the end to the top; the list is opened at what nobody has begun.
    assert clerk.goes_on("park", lines[4]).line_id == lines[0]
    assert clerk.goes_on("apply", lines[0]).line_id == lines[1]
    found = clerk.goes_on("part", lines[1])
    assert (found.line_id, found.begun) == (lines[2], 2), "left in part before, and nothing else is left but Bob's"
    assert clerk.goes_on("apply", lines[2]).line_id == lines[1]
    found = clerk.goes_on("apply", lines[1])
    assert (found.line_id, found.begun) == (lines[3], 0), "somebody else's, which says so"
    claim_line(entity, lines[3], actor_id=clerk.user_id, now=NOW, take_over=True)
    found = clerk.goes_on("part", lines[3])
    assert (found.line_id, found.begun) == (lines[3], 1), "the only one left"
    # In the list of those put aside the next of those comes, and none at its end.
    clerk.wish = Wish(show="parked")
    assert clerk.goes_on("apply", lines[4]).line_id is None


def test_an_answer_brings_a_line_left_in_part_back_to_the_front(sqlite_db: LedgerDb) -> None:
    clerk = Clerk.open(4)
    clerk.wish = Wish(sort="date")
    first, second, third, _ = clerk.lines
    clerk.goes_on("part", first)
    clerk.goes_on("ask", first)
    answer_question(LineQuestion.objects.get().pk, "Theirs", actor_id=clerk.user_id, now=NOW.replace(hour=23))
    assert clerk.listed()[0] == first
    page, chosen = bench_page(clerk.desk.books.entity_id, clerk.wish, user_id=None, now=NOW)
    assert chosen == page.rows[0].public_id == public_id("bln", first)
    assert clerk.goes_on("park", third).line_id == clerk.lines[3]
    unpark_line(clerk.desk.books.entity_id, third, **clerk.who)
    assert clerk.goes_on("apply", clerk.lines[3]).line_id == first, "the answer has not been looked at"
    assert clerk.goes_on("part", first).line_id == second
    assert clerk.goes_on("apply", second).line_id == third


def test_the_search_goes_on_within_what_was_found(sqlite_db: LedgerDb) -> None:
    clerk = Clerk.open(4)
    clerk.wish = Wish(sort="date", search="INV-10001")
    found = clerk.goes_on("apply", clerk.lines[1])
    assert (found.line_id, found.stays) == (None, False)
