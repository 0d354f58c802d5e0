"""A bill at its maturity: presented and not handed on, and what days off do to the days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from huikuan.core.notes import NoteKind, NoteState, NoteTerms, Warn, warnings
from huikuan.engines.working_days import working_days_of
from huikuan.services.notes_steps import Endorsement, endorse_note
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, Ledger
from tests.services.test_notes import AT_ONCE, MATURES, discount, take
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def test_a_mature_bill_is_presented_and_not_handed_on(ledger: Ledger) -> None:
    note = take(ledger, 100_00)
    for day in (MATURES, MATURES + timedelta(days=3)):
        with refused("note.mature"):
            discount(ledger, note, on=day, interest_minor=1)
        with refused("note.mature"):
            endorse_note(ledger.entity_id, note, Endorsement("Supplier"), on=day, **ledger.common)
    endorse_note(ledger.entity_id, note, Endorsement("Supplier"), on=MATURES - timedelta(days=1), **ledger.common)
    cheque = take(ledger, 50_00, kind=NoteKind.CHEQUE, maturity_date=DAY, settles=AT_ONCE)
    endorse_note(ledger.entity_id, cheque, Endorsement("Supplier"), on=DAY, **ledger.common)
    check_invariants()


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 9, 30), ()),
        (date(2026, 10, 1), ()),  # mature on the first day of the national holidays
        (date(2026, 10, 7), ()),
        (date(2026, 10, 8), (Warn.PRESENT_NOW,)),
        (date(2026, 10, 12), (Warn.PRESENT_NOW,)),  # the tenth day is a Sunday: presented on Monday still
        (date(2026, 10, 13), (Warn.PRESENT_LATE,)),
    ],
)
def test_days_off_move_maturity_and_the_last_day_of_presentation(today: date, told: tuple[Warn, ...]) -> None:
    terms = NoteTerms(NoteKind.ACCEPTANCE, "CNY", 100, date(2026, 5, 1), date(2026, 10, 1))
    assert warnings(terms, NoteState.HELD, today, working_days_of("CN")) == told
