"""The demo's settlement agreements: three parties in a round, one done and one to be signed, and a van taken for debts
whose invoice is still to come."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Sum

from huikuan.core.agreements import Claim, Party, PartyKind, ThingKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.short_payments import LIVE
from huikuan.services.agreements import (
    NewInKind,
    NewThreeParty,
    propose_in_kind,
    propose_three_party,
    sign_agreement,
    value_thing,
)
from huikuan.services.agreements_posting import post_agreement
from huikuan.services.documents import add_document
from huikuan.services.sealing import seal
from huikuan.store.models import (
    CustomerAccount,
    Entity,
    NoteCover,
    OpenItemBalance,
    SettlementAgreement,
    ShortPayment,
)

SUPPLIER = "恒远钢材贸易有限公司"
THING = "厢式货车，2023 年，行驶 6.2 万公里"
_ROUND_AT_LEAST, _THING_AT_LEAST = 10_000_00, 60_000_00
_PRICE_OF = 1_000_00
"""The thing is taken for whole thousands."""
_EVENING = time(18, 40)


def add_agreements(last: date, *, actor_id: int, now: datetime) -> None:
    """All of the last evening, with customers of whom few items are open: those who owe most are whom the bank's open
    lines are from. Again, nothing more happens."""
    entity = Entity.objects.filter(code="HD", currency="CNY").first()
    if entity is None or SettlementAgreement.objects.exists():
        return
    evening = min(datetime.combine(last, _EVENING, ZoneInfo("Asia/Shanghai")), now)
    who: dict[str, Any] = {
        "on": evening.astimezone(ZoneInfo(entity.timezone)).date(),
        "actor_id": actor_id,
        "now": evening,
    }
    taken: set[int] = set()
    for place, least_minor in enumerate((_ROUND_AT_LEAST, _THING_AT_LEAST, _ROUND_AT_LEAST)):
        found = _debts(entity, least_minor, taken)
        if found is None:
            continue
        taken.add(found[0])
        if place == 1:
            _take_thing(entity, *found, who)
        else:
            _settle_round(entity, *found, who, number=place // 2 + 1, is_signed=place == 0)
    seal(now=now)


def _debts(entity: Entity, least_minor: int, but: set[int]) -> tuple[int, list[tuple[int, int]]] | None:
    """The account with the fewest open items that owes at least so much in the books' currency, and its items: nothing
    disputed, in a case or covered by a bill."""
    taken = ShortPayment.objects.filter(entity=entity, state__in=LIVE).values("account_id")
    covered = NoteCover.objects.values("item__account_id")
    found = OpenItemBalance.objects.filter(item__entity=entity, is_current=True).exclude(open_minor=0)
    found = found.exclude(account_id__in=taken).exclude(account_id__in=covered).exclude(account_id__in=but)
    strange = found.exclude(item__currency=entity.currency) | found.filter(item__disputed=True)
    sums = (
        found.exclude(account_id__in=strange.values("account_id"))
        .values("account_id")
        .annotate(n=Count("item_id"), owed=Sum("open_minor"), least=Min("open_minor"))
        .filter(owed__gte=least_minor, least__gt=0)
        .order_by("n", "owed", "account_id")
    )
    row = sums.first()
    if row is None:
        return None
    items = found.filter(account_id=row["account_id"]).order_by("item__due_date", "item_id")
    return row["account_id"], list(items.values_list("item_id", "open_minor"))


def _paper(account_id: int, name: str, who: dict[str, Any]) -> int:
    return add_document(
        f"{name}（示例）".encode(),
        f"{name}.txt",
        evidence_type=EvidenceType.CONTRACT,
        links=[(LinkKind.ACCOUNT, account_id)],
        actor_id=who["actor_id"],
        now=who["now"],
    )


def _settle_round(
    entity: Entity, account_id: int, items: list[tuple[int, int]], who: dict[str, Any], *, number: int, is_signed: bool
) -> None:
    """The customer owes us, we owe a supplier, the supplier owes the customer."""
    line = items[0]
    customer = CustomerAccount.objects.values_list("customer_id", flat=True).get(id=account_id)
    supplier = Party(PartyKind.OTHER, SUPPLIER)
    claims = (
        Claim(Party(PartyKind.ENTITY, "", entity.pk), supplier, line[1]),
        Claim(supplier, Party(PartyKind.CUSTOMER, "", customer), line[1]),
    )
    new = NewThreeParty(entity.pk, f"MZ-{who['on'].year}-{number:03}", (line,), claims)
    made = propose_three_party(new, **who)
    if is_signed:
        _sign(made, account_id, "三方抹账协议", who)
        post_agreement(made, **who)


def _sign(agreement_id: int, account_id: int, name: str, who: dict[str, Any]) -> None:
    parties = SettlementAgreement.objects.get(id=agreement_id).parties.values_list("ordinal", flat=True)
    sign_agreement(agreement_id, list(parties), _paper(account_id, name, who), **who)


def _take_thing(entity: Entity, account_id: int, items: list[tuple[int, int]], who: dict[str, Any]) -> None:
    """A van for a bit less than is owed; title has passed, its invoice and a decision on the rest are to come."""
    owed = sum(minor for _, minor in items)
    price = owed * 9 // 10 // _PRICE_OF * _PRICE_OF
    new = NewInKind(
        entity.pk, f"DZ-{who['on'].year}-001", tuple(items), price, THING, ThingKind.VEHICLE, "上海市嘉定区"
    )
    number = propose_in_kind(new, **who)
    _sign(number, account_id, "以物抵债协议", who)
    value_thing(number, price + 5_000_00, "信衡资产评估有限公司", _paper(account_id, "评估报告", who), **who)
    post_agreement(number, document_id=_paper(account_id, "机动车登记证书", who), **who)
