"""Erasing what need not be kept any longer: names and texts of payers, by the days the site was told to keep them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.keeping import Kept, erase_before
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.bank_ties import erase_texts
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import BankLine, Entity, RemittanceAdvice, RemittanceAdviceRow


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, or would be: ``count`` lines or advices of an entity, of before a day."""

    kind: Kept
    entity: str
    before: date
    count: int


def erase_old(days: dict[Kept, int], *, actor_id: int | None, now: datetime, dry_run: bool = False) -> list[Erased]:
    """Erases in every entity what is older than its kind is kept; with ``dry_run`` only counts it. Each entity is a
    transaction of its own, so that one that fails keeps nothing of the others from being erased.

    Refuses ``right.missing``.
    """
    done = []
    for kind, kept_days in days.items():
        for entity in Entity.objects.order_by("code"):
            before = erase_before(kept_days, now.astimezone(ZoneInfo(entity.timezone)).date())
            if dry_run:
                count = _count(kind, entity.pk, before)
            elif kind == Kept.BANK_TEXTS:
                count = _lines(entity.pk, before) and erase_texts(
                    before, entity_id=entity.pk, actor_id=actor_id, now=now
                )
            else:
                count = erase_advices(before, entity_id=entity.pk, actor_id=actor_id, now=now)
            done.append(Erased(kind, entity.code, before, count))
    return done


def erase_advices(before: date, *, entity_id: int, actor_id: int | None, now: datetime) -> int:
    """Erases names of payers and remarks in advices that came before a day; gives how many advices. Documents, amounts
    and references stay, and so does the file. Refuses ``right.missing``."""

    def work() -> int:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=entity_id)
        numbers = _advices(entity_id, before)
        RemittanceAdvice.objects.filter(id__in=numbers).update(payer_name="")
        RemittanceAdviceRow.objects.filter(advice_id__in=numbers).update(note="")
        if numbers:
            common: dict[str, Any] = {"now": now, "actor_id": actor_id, "entity_id": entity_id}
            record("remittance.erased", **common, before=before.isoformat(), count=len(numbers))
        return len(numbers)

    return run_in_transaction(work)


def _count(kind: Kept, entity_id: int, before: date) -> int:
    return _lines(entity_id, before) if kind == Kept.BANK_TEXTS else len(_advices(entity_id, before))


def _lines(entity_id: int, before: date) -> int:
    return BankLine.objects.filter(
        entity_id=entity_id, booking_date__lt=before, text__erased_at__isnull=True, text__isnull=False
    ).count()


def _advices(entity_id: int, before: date) -> list[int]:
    old = RemittanceAdvice.objects.filter(entity_id=entity_id, received_at__date__lt=before)
    named = old.exclude(payer_name="") | old.exclude(rows__note="").filter(rows__isnull=False)
    return sorted(set(named.values_list("id", flat=True)))
