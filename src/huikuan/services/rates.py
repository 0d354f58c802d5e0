"""Exchange rates: dated decimals with where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from huikuan.core.exchange import Rate
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.services.auditing import record
from huikuan.services.rights import demand_rates
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ExchangeRate


def add_rates(rates: Sequence[Rate], *, actor_id: int | None, now: datetime) -> int:
    """Adds rates; one already there with the same figure is left alone. Entries keep the value they were posted with.

    Refuses ``rate.exists`` (another figure for that day), ``rate.not_positive``, ``rate.same_currency``.
    """

    def work() -> int:
        for base in sorted({rate.base for rate in rates}):
            demand_rates(actor_id, base)
        added = 0
        for rate in rates:
            _check(rate)
            row, made = ExchangeRate.objects.get_or_create(
                currency=rate.currency,
                base=rate.base,
                valid_from=rate.valid_from,
                defaults={"rate": rate.rate, "source": rate.source},
            )
            if not made and row.rate != rate.rate:
                raise Refusal(
                    "rate.exists",
                    "{currency} in {base} on {day} is {rate} already",
                    currency=rate.currency,
                    base=rate.base,
                    day=rate.valid_from.isoformat(),
                    rate=row.rate,
                )
            added += made
        if added:
            record("rates.add", now=now, actor_id=actor_id, count=added)
        return added

    return run_in_transaction(work)


def _check(rate: Rate) -> None:
    exponent_of(rate.currency)
    exponent_of(rate.base)
    if rate.currency == rate.base:
        raise Refusal("rate.same_currency", "a currency is worth one of itself")
    if not Decimal(0) < rate.rate < Decimal(10) ** 12:
        raise Refusal("rate.not_positive", "a rate is a positive number")
