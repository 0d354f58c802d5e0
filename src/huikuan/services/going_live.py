"""Going live: the cut-over chosen, the old general ledger's balances taken down, proved equal, the past locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from huikuan.core.accounts import CONTROL_ACCOUNTS
from huikuan.core.going_live import Balance, check_cut_over, decide_live
from huikuan.core.money import check_size, exponent_of
from huikuan.core.periods import PeriodState, month_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.going_live import comparisons
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.rights import demand
from huikuan.services.sealing import seal
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import GoLive, GoLiveProof, OpeningBalance, OpenItem, Period, Receipt, SealHead


def choose_cut_over(entity_id: int, day: date, *, actor_id: int | None, now: datetime) -> None:
    """Says from which day on the books are kept here. Refuses ``golive.bad_day`` and ``golive.is_live``."""
    check_cut_over(day)

    def work() -> None:
        demand(actor_id, Right.CLOSE_PERIOD, entity_id=entity_id)
        _check_not_live(entity_id)
        GoLive.objects.update_or_create(
            entity_id=entity_id,
            defaults={"cut_over": day},
            create_defaults={"cut_over": day, "started_at": now, "started_by_id": actor_id},
        )
        record("golive.cut_over", now=now, actor_id=actor_id, entity_id=entity_id, day=day.isoformat())

    run_in_transaction(work)


def set_balances(
    entity_id: int, balances: Sequence[Balance], *, replace: bool = False, actor_id: int | None, now: datetime
) -> None:
    """Takes down what the old general ledger says; ``replace``: this is all of it. Refuses ``golive.is_live`` and
    ``golive.no_control_account``."""
    for balance in balances:
        exponent_of(balance.currency)
        check_size(balance.amount_minor, balance.currency)
        if balance.ledger_account not in CONTROL_ACCOUNTS:
            raise Refusal(
                "golive.no_control_account", "{account} is not a control account", account=balance.ledger_account.value
            )

    def work() -> None:
        demand(actor_id, Right.CLOSE_PERIOD, entity_id=entity_id)
        _check_not_live(entity_id)
        if replace:
            OpeningBalance.objects.filter(entity_id=entity_id).delete()
        for balance in balances:
            OpeningBalance.objects.update_or_create(
                entity_id=entity_id,
                ledger_account=balance.ledger_account.value,
                currency=balance.currency,
                defaults={"amount_minor": balance.amount_minor, "typed_at": now, "typed_by_id": actor_id},
            )
        said = [[balance.ledger_account.value, balance.currency, balance.amount_minor] for balance in balances]
        record("golive.balances", now=now, actor_id=actor_id, entity_id=entity_id, balances=said, replace=replace)

    run_in_transaction(work)


def go_live(entity_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Proves every control account equal, locks the months before the cut-over for good and writes the certificate.

    Refuses ``golive.no_cut_over``, ``golive.no_balances``, ``golive.not_proved`` and ``golive.is_live``.
    """
    demand(actor_id, Right.CLOSE_PERIOD_HARD, entity_id=entity_id)
    seal(now=now)

    def work() -> None:
        demand(actor_id, Right.CLOSE_PERIOD_HARD, entity_id=entity_id)
        open_books(entity_id, exclusive=True)
        _check_not_live(entity_id)
        started = GoLive.objects.select_for_update().filter(entity_id=entity_id).first()
        if started is None:
            raise Refusal("golive.no_cut_over", "say first from which day on the books are kept here")
        rows = comparisons(entity_id, started.cut_over)
        decide_live(rows)
        head = SealHead.objects.filter(id=1).first()
        eve = month_of(started.cut_over - timedelta(days=1))
        # All months up to the eve at once: a closed month closes those before it.
        Period.objects.update_or_create(
            entity_id=entity_id,
            month=eve,
            defaults={"state": PeriodState.CLOSED.value, "changed_at": now, "changed_by_id": actor_id},
        )
        opening = {"entity_id": entity_id, "posting_date__lt": started.cut_over}
        GoLiveProof.objects.create(
            entity_id=entity_id,
            cut_over=started.cut_over,
            balances=[[row.ledger_account.value, row.currency, row.found_minor] for row in rows],
            items=OpenItem.objects.filter(**opening).count(),
            receipts=Receipt.objects.filter(**opening).count(),
            head_seq=head.last_seq if head else 0,
            head_hash=bytes(head.last_hash).hex() if head else "",
            live_at=now,
            live_by_id=actor_id,
        )
        record("golive.live", now=now, actor_id=actor_id, entity_id=entity_id, cut_over=started.cut_over.isoformat())

    run_in_transaction(work)


def _check_not_live(entity_id: int) -> None:
    if GoLiveProof.objects.filter(entity_id=entity_id).exists():
        raise Refusal("golive.is_live", "the entity is live: its opening balances stand")
