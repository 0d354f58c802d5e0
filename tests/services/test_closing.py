"""Closing a month with its list: what the books say of themselves, what people ticked, the month closed for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from huikuan.core.closing import COMPUTED_POINTS, MANUAL_POINTS, open_points
from huikuan.core.gl_charts import chart
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.queries.closing import late_rows
from huikuan.queries.general_ledger import GlChoices
from huikuan.services.checklist import month_points
from huikuan.services.closing import close_month, mark_point
from huikuan.services.general_ledger import export_month, map_accounts, save_choices
from huikuan.services.rights import Forbidden
from huikuan.services.sealing import seal
from huikuan.services.source_settlements import propose
from huikuan.services.users import create_user
from huikuan.store.models import AuditEvent, ImportBatch, OpenItem, OpenItemBalance, Period
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

JANUARY = date(2026, 1, 1)


def points_left(ledger: Ledger) -> set[str]:
    return set(open_points(month_points(ledger.entity_id, JANUARY, now=NOW)))


def tick_all(ledger: Ledger) -> None:
    for point in MANUAL_POINTS:
        mark_point(ledger.entity_id, JANUARY, point, is_done=True, **ledger.common)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        work()
    return refusal.value.code


@pytest.mark.practice("D8")
def test_a_month_is_worked_through_and_closed(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.rate("USD", "7.1")
    item = ledger.item(1_000_00, on=date(2026, 1, 5))
    ledger.item(100_00, "USD", on=date(2026, 1, 6))
    unknown = ledger.receipt(50_00, customer=None, on=date(2026, 1, 7))
    paid = ledger.receipt(300_00, on=date(2026, 1, 1))
    batch = ImportBatch.objects.create(
        kind="items", source_id=OpenItem.objects.get(id=item).source_id, feed="snapshot", file_name="-",
        file_sha256="-", folder="-", created_at=date_before_now(), entity_id=ledger.entity_id,
    )  # fmt: skip
    propose(batch.id, [(item, 200_00)], settled_on=date(2026, 1, 31))
    left = {"sealed", "unidentified", "unapplied", "settlements", "imports", "rates", "gl_accounts"}
    assert points_left(ledger) == left | {"gl_export", *MANUAL_POINTS}

    seal(now=NOW)
    ledger.identify(unknown, on=date(2026, 1, 8))
    ledger.apply(paid, (item, 300_00), on=date(2026, 1, 8))
    batch.settlements.update(state="rejected")
    ImportBatch.objects.update(state="discarded")
    ledger.rate("USD", "7.2", date(2026, 1, 31))
    assert "revaluation" in points_left(ledger)
    ledger.revalue(JANUARY)
    map_accounts(ledger.entity_id, chart("cn"), **ledger.common)
    assert points_left(ledger) == {"sealed", "gl_export", *MANUAL_POINTS}
    save_choices(ledger.entity_id, GlChoices(), **ledger.common)
    export_month(ledger.entity_id, JANUARY, **ledger.common)
    assert points_left(ledger) == set(MANUAL_POINTS), "an export seals first"

    assert refused(lambda: close_month(ledger.entity_id, JANUARY, **ledger.common)) == "closing.points_open"
    tick_all(ledger)
    mark_point(ledger.entity_id, JANUARY, "ageing", is_done=False, note="look again", **ledger.common)
    assert points_left(ledger) == {"ageing"}
    mark_point(ledger.entity_id, JANUARY, "ageing", is_done=True, **ledger.common)
    close_month(ledger.entity_id, JANUARY, **ledger.common)
    assert Period.objects.get(month=JANUARY).state == PeriodState.CLOSED.value
    assert not AuditEvent.objects.filter(code="period.closed_with_points_open").exists()
    assert refused(lambda: ledger.set_period(JANUARY, PeriodState.OPEN)) == "period.closed_for_good"


def date_before_now() -> object:
    return NOW.replace(year=2025)


def test_a_reason_closes_a_month_with_points_open_and_stays_in_the_audit(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.item(1_00, on=date(2026, 1, 5))
    close_month(ledger.entity_id, JANUARY, reason="no GL yet", **ledger.common)
    event = AuditEvent.objects.get(code="period.closed_with_points_open")
    assert event.data["reason"] == "no GL yet"
    assert set(event.data["points"]) == {"gl_accounts", "gl_export", *MANUAL_POINTS}


def test_books_that_contradict_themselves_are_closed_for_no_reason(
    sqlite_db: LedgerDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huikuan.queries.control import ControlRow
    from huikuan.services import checklist

    ledger = Ledger()
    ledger.item(1_00, on=date(2026, 1, 5))
    row = ControlRow(ledger.entity_id, "E1", "trade", "CNY", 100, 99)
    monkeypatch.setattr(checklist, "control_accounts", lambda frame: [row])
    closing = lambda: close_month(ledger.entity_id, JANUARY, reason="never mind", **ledger.common)  # noqa: E731
    assert refused(closing) == "closing.mandatory"
    assert not Period.objects.exists()


def test_refusals_and_rights(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.item(1_00, on=date(2025, 12, 5))
    ledger.item(1_00, on=date(2026, 1, 5))
    tick = lambda point: mark_point(ledger.entity_id, JANUARY, point, is_done=True, **ledger.common)  # noqa: E731
    assert refused(lambda: tick("sealed")) == "closing.unknown_point", "what is computed is not ticked"
    assert refused(lambda: close_month(ledger.entity_id, JANUARY, reason="x", **ledger.common)) == "period.earlier_open"
    who = create_user("nobody", password=None, actor_id=None, now=NOW)
    with pytest.raises(Forbidden):
        close_month(ledger.entity_id, JANUARY, reason="x", actor_id=who, now=NOW)
    with pytest.raises(Forbidden):
        mark_point(ledger.entity_id, JANUARY, "ageing", is_done=True, actor_id=who, now=NOW)


def test_every_point_is_computed_or_ticked(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.item(1_00, on=date(2026, 1, 5))
    points = month_points(ledger.entity_id, JANUARY, now=NOW)
    assert [point.code for point in points] == [*COMPUTED_POINTS, *MANUAL_POINTS]
    assert OpenItemBalance.objects.count() == 1


@pytest.mark.practice("D8")
def test_late_entries_are_listed_on_both_sides(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.item(1_00, on=date(2026, 1, 5))
    ledger.set_period(JANUARY, PeriodState.CLOSED)
    ledger.item(2_00, on=date(2026, 1, 20))
    came_in, went_out = late_rows(ledger.entity_id, JANUARY)
    assert (len(came_in), len(went_out)) == (0, 1)
    came_in, went_out = late_rows(ledger.entity_id, date(2026, 2, 1))
    assert (len(came_in), len(went_out)) == (1, 0)
    assert came_in[0].effective_date == date(2026, 1, 20) and came_in[0].posting_date == date(2026, 2, 1)


def test_a_month_without_business_has_nothing_to_export(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    ledger.item(1_00, on=date(2026, 2, 5))
    map_accounts(ledger.entity_id, chart("cn"), **ledger.common)
    points = {point.code: point for point in month_points(ledger.entity_id, JANUARY, now=NOW)}
    assert {code for code, point in points.items() if point.is_idle} == {"gl_accounts", "gl_export"}
    assert points["gl_accounts"].is_done and points["gl_export"].is_done
    assert not any(point.is_idle for point in month_points(ledger.entity_id, date(2026, 2, 1), now=NOW))
