"""Going live: opening items proved equal to the old general ledger's control accounts, then the past is locked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from huikuan.core.accounts import ItemKind, LedgerAccount
from huikuan.core.going_live import Balance, Step, read_balances
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import BadData, Refusal
from huikuan.queries.general_ledger import GlChoices, unmapped
from huikuan.queries.going_live import certificate_of, journey, not_live
from huikuan.services.general_ledger import export_month, save_choices
from huikuan.services.going_live import choose_cut_over, go_live, set_balances
from huikuan.services.rights import Forbidden
from huikuan.services.users import create_user
from huikuan.store.models import AuditEvent, JournalEntry, SealHead
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

CUT_OVER = date(2026, 3, 1)
TRADE, ADVANCES = LedgerAccount.TRADE, LedgerAccount.ADVANCES


def books() -> Ledger:
    """Open on the eve of 1 March: 1,200.00 and 300.00 yuan, 80.00 dollars, a deposit of 500.00."""
    ledger = Ledger()
    ledger.rate("USD", "7")
    ledger.item(1_200_00, on=date(2026, 1, 10), external_id="I-1")
    ledger.item(300_00, on=date(2026, 2, 20), external_id="I-2")
    ledger.item(80_00, "USD", on=date(2026, 2, 21), external_id="I-3")
    ledger.item(-500_00, on=date(2026, 2, 1), external_id="D-1", kind=ItemKind.DEPOSIT)
    ledger.item(45_00, on=date(2026, 3, 2), external_id="I-4")
    return ledger


def say(ledger: Ledger, *balances: tuple[LedgerAccount, str, int], replace: bool = True) -> None:
    set_balances(ledger.entity_id, [Balance(*row) for row in balances], replace=replace, **ledger.common)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        work()
    return refusal.value.code


@pytest.mark.practice("K7")
def test_proved_equal_and_live(ledger_db: LedgerDb) -> None:
    ledger = books()
    live = lambda: go_live(ledger.entity_id, **ledger.common)  # noqa: E731
    assert refused(live) == "golive.no_cut_over"
    choose_cut_over(ledger.entity_id, CUT_OVER, **ledger.common)
    assert not_live([ledger.entity_id]) == [("E1", "E1")]
    assert refused(live) == "golive.no_balances"
    say(ledger, (TRADE, "CNY", 1_800_00), (TRADE, "USD", 80_00), (ADVANCES, "CNY", -500_00))
    assert refused(live) == "golive.not_proved"
    found = journey(ledger.entity_id)
    assert found.next_step == Step.PEOPLE and Step.BALANCES in found.done and Step.PROOF not in found.done
    differing = [row for row in found.proof if not row.compared.is_equal]
    assert [row.compared.difference_minor for row in differing] == [300_00]
    assert [(one.document, one.why) for one in differing[0].candidates] == [("I-2", "same")]

    say(ledger, (TRADE, "CNY", 1_500_00), replace=False)
    assert journey(ledger.entity_id).is_equal
    assert ("advances", "CNY") in unmapped(ledger.entity_id)
    live()
    assert ("advances", "CNY") not in unmapped(ledger.entity_id), "the opening balance is never exported"
    assert ("trade", "CNY") in unmapped(ledger.entity_id)
    certificate = certificate_of(ledger.entity_id)
    assert certificate is not None
    assert certificate.balances == [("trade", "CNY", 1_500_00), ("trade", "USD", 80_00), ("advances", "CNY", -500_00)]
    assert (certificate.items, certificate.receipts, certificate.head_seq) == (4, 0, 5)
    assert certificate.head_hash == bytes(SealHead.objects.get().last_hash).hex()
    assert not_live([ledger.entity_id]) == []
    assert AuditEvent.objects.filter(code="golive.live").count() == 1

    late = ledger.item(10_00, on=date(2026, 2, 25), external_id="I-5")
    entry = JournalEntry.objects.get(items__id=late)
    assert entry.posting_date == CUT_OVER, "the months before are locked"
    assert refused(lambda: ledger.set_period(date(2026, 1, 1), PeriodState.OPEN)) == "period.closed_for_good"
    again = lambda: choose_cut_over(ledger.entity_id, CUT_OVER, **ledger.common)  # noqa: E731
    assert refused(again) == refused(live) == refused(lambda: say(ledger)) == "golive.is_live"
    save_choices(ledger.entity_id, GlChoices(), **ledger.common)
    early = lambda: export_month(ledger.entity_id, date(2026, 2, 1), **ledger.common)  # noqa: E731
    assert refused(early) == "gl.before_cut_over"


@pytest.mark.practice("K7")
def test_a_difference_names_documents_it_may_be(sqlite_db: LedgerDb) -> None:
    ledger = books()
    choose_cut_over(ledger.entity_id, CUT_OVER, **ledger.common)

    def why(minor: int, account: LedgerAccount = TRADE, currency: str = "CNY") -> list[tuple[str, str]]:
        say(ledger, (account, currency, minor))
        row = next(
            row
            for row in journey(ledger.entity_id).proof
            if (row.compared.ledger_account, row.compared.currency) == (account, currency)
        )
        return [(one.document, one.why) for one in row.candidates]

    assert why(1_545_00) == [("I-4", "after")], "dated after the eve"
    assert why(500_00, ADVANCES) == [("D-1", "half")], "on the wrong side"
    assert why(1_501_00) == []
    row = next(row for row in journey(ledger.entity_id).proof if row.compared.currency == "CNY")
    assert not row.compared.may_be_swapped_digits
    say(ledger, (TRADE, "CNY", 1_050_00))
    row = next(row for row in journey(ledger.entity_id).proof if row.compared.currency == "CNY")
    assert row.compared.may_be_swapped_digits, "1,500 and 1,050"


def test_an_account_the_old_ledger_does_not_name_is_not_proved(sqlite_db: LedgerDb) -> None:
    ledger = books()
    choose_cut_over(ledger.entity_id, CUT_OVER, **ledger.common)
    say(ledger, (TRADE, "CNY", 1_500_00), (TRADE, "USD", 80_00))
    assert not journey(ledger.entity_id).is_equal
    with pytest.raises(Refusal, match="advances CNY"):
        go_live(ledger.entity_id, **ledger.common)


def test_refusals_and_rights(sqlite_db: LedgerDb) -> None:
    ledger = books()
    middle = lambda: choose_cut_over(ledger.entity_id, date(2026, 3, 2), **ledger.common)  # noqa: E731
    assert refused(middle) == "golive.bad_day"
    assert refused(lambda: say(ledger, (LedgerAccount.BANK, "CNY", 1))) == "golive.no_control_account"
    assert refused(lambda: say(ledger, (TRADE, "XXX", 1))) == "money.unknown_currency"
    who = {"actor_id": create_user("nobody", password=None, actor_id=None, now=NOW), "now": NOW}
    for work in (
        lambda: choose_cut_over(ledger.entity_id, CUT_OVER, **who),
        lambda: set_balances(ledger.entity_id, [], **who),
        lambda: go_live(ledger.entity_id, **who),
    ):
        with pytest.raises(Forbidden):
            work()


def test_a_file_of_balances() -> None:
    text = "account;currency;amount\ntrade;cny;1,500.00\n预收账款;CNY;-500\n\n"
    assert read_balances(text) == [Balance(TRADE, "CNY", 1_500_00), Balance(ADVANCES, "CNY", -500_00)]
    with pytest.raises(BadData) as refusal:
        read_balances("trade,CNY,1\ntrade,CNY,2\ncash,CNY,1\ntrade,ZZZ,1\ntrade,USD,1.234\nnotes,USD\n")
    assert [(error.row, error.code) for error in refusal.value.errors] == [
        (2, "key.duplicate"),
        (3, "golive.no_control_account"),
        (4, "money.unknown_currency"),
        (5, "money.too_precise"),
        (6, "golive.bad_line"),
    ]
