"""The demo company's notes: bills, a certificate and a cheque its customers gave lately, one of each fate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Sum

from huikuan.core.notes import AcceptorClass, NoteKind
from huikuan.services.notes import NewNote, take_note
from huikuan.services.notes_steps import (
    Discount,
    Endorsement,
    discount_note,
    dishonour_note,
    endorse_note,
    present_note,
)
from huikuan.store.models import Entity, Note, OpenItemBalance

_EVENING = time(18, 20)
_WHOLE = {"CNY": 10_000_00, "EUR": 1_000_00}
"""Notes are written over whole amounts: ten thousand yuan, a thousand euro, in minor units."""


@dataclass(frozen=True, slots=True)
class Given:
    """One note: taken so many days ago, maturing in so many from today. ``after`` is what became of it."""

    entity: str
    kind: NoteKind
    acceptor: str
    acceptor_class: AcceptorClass
    taken: int
    matures: int
    after: str = ""


_GIVEN = (
    Given("HD", NoteKind.ACCEPTANCE, "云城银行股份有限公司", AcceptorClass.MAJOR_BANK, 6, 96),
    Given("HD", NoteKind.ACCEPTANCE, "江南农村商业银行", AcceptorClass.OTHER_BANK, 12, 9),
    Given("HD", NoteKind.ACCEPTANCE, "云城银行股份有限公司", AcceptorClass.MAJOR_BANK, 10, 140, "discounted"),
    Given("HD", NoteKind.ACCEPTANCE, "北辰重工集团有限公司", AcceptorClass.COMPANY, 14, -2, "dishonoured"),
    Given("HD", NoteKind.ACCEPTANCE, "东岸财务有限责任公司", AcceptorClass.FINANCE_COMPANY, 8, 75, "endorsed"),
    Given("HD", NoteKind.CERTIFICATE, "北辰重工集团有限公司", AcceptorClass.COMPANY, 5, 120),
    Given("YX", NoteKind.CHEQUE, "Hansebank", AcceptorClass.OTHER_BANK, 2, 6, "presented"),
)


def add_notes(last: date, *, actor_id: int, now: datetime) -> int:
    """Notes of those who owe most, kept as of the last evening, before the bank's statements come; gives how many.
    Again, nothing happens."""
    if Note.objects.exists():
        return 0
    evening = min(datetime.combine(last, _EVENING, ZoneInfo("Asia/Shanghai")), now)
    made = 0
    for code, entity in {row.code: row for row in Entity.objects.filter(code__in=("HD", "YX"))}.items():
        owing = _owing(entity)
        for given in (one for one in _GIVEN if one.entity == code):
            if not owing:
                break
            account, owed_minor = owing.pop(0)
            made += 1
            _give(entity, given, account, owed_minor, last, number=made, actor_id=actor_id, now=evening)
    return made


def _owing(entity: Entity) -> list[tuple[int, int]]:
    """Accounts and what they owe in the entity's currency, the largest first."""
    rows = (
        OpenItemBalance.objects.filter(item__entity=entity, item__currency=entity.currency, is_current=True)
        .values("item__account_id")
        .annotate(owed=Sum("open_minor"), least=Min("open_minor"))
        .filter(owed__gte=_WHOLE[entity.currency], least__gte=0)
        .order_by("-owed", "item__account_id")
    )
    return [(row["item__account_id"], row["owed"]) for row in rows]


def _give(
    entity: Entity,
    given: Given,
    account_id: int,
    owed_minor: int,
    last: date,
    *,
    number: int,
    actor_id: int,
    now: datetime,
) -> None:
    taken, matures = last - timedelta(days=given.taken), last + timedelta(days=given.matures)
    whole = _WHOLE[entity.currency]
    issued = taken - timedelta(days=1) if given.kind == NoteKind.CHEQUE else matures - timedelta(days=170)
    new = NewNote(
        account_id,
        given.kind,
        f"{issued:%Y%m%d}{number:05d}",
        given.acceptor,
        given.acceptor_class,
        entity.currency,
        min(owed_minor // whole, 20) * whole,
        min(issued, taken),
        matures,
        oldest_first=True,
    )
    note = take_note(entity.pk, new, on=taken, actor_id=actor_id, now=now)
    who: dict[str, Any] = {"actor_id": actor_id, "now": now}
    on = max(taken, matures) if given.matures < 0 else taken + timedelta(days=1)
    if given.after == "discounted":
        discount_note(entity.pk, note, Discount("云城银行", Decimal("1.85")), on=on, **who)
    elif given.after == "endorsed":
        endorse_note(entity.pk, note, Endorsement("滨江轴承厂"), on=on, **who)
    elif given.after == "presented":
        present_note(entity.pk, note, on=on, bank="Hansebank", **who)
    elif given.after == "dishonoured":
        present_note(entity.pk, note, on=on, bank="云城银行", **who)
        dishonour_note(
            entity.pk, note, on=on + timedelta(days=1), memo="承兑人账户余额不足 / acceptor out of funds", **who
        )
