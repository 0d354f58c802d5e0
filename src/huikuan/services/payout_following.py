"""What follows an import of bank lines for shops: payouts whose sales are certain settle themselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from huikuan.queries.shop_facts import WaitingLine, waiting_lines
from huikuan.services.payouts import look_for, match_payout
from huikuan.store.models import Shop

log = logging.getLogger("huikuan.bank")


def settle_payouts(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """After an import: new lines of platforms whose sales are certain are settled, the oldest first. It is the system's
    doing, as what the matcher posts by itself is.

    Only new lines: what a person took back waits for a person. A line that two shops could be paid by is left to a
    person as well. What stops one shop is logged and hinders no other.
    """
    shops = list(Shop.objects.filter(entity_id=entity_id, is_active=True).exclude(payer_names="").order_by("id"))
    if not shops or not line_ids:
        return
    new, first = set(line_ids), min(line_ids)
    waiting: dict[int, list[WaitingLine]] = {}
    for shop in shops:
        try:
            waiting[shop.pk] = [one for one in waiting_lines(shop, first) if one.line_id in new]
        except Exception:
            log.exception("the payouts of shop %s were not looked for", shop.pk)
    for shop in shops:
        others = [one for one in shops if one.pk != shop.pk]
        for line in waiting.get(shop.pk, ()):
            try:
                rivals = [one for one in others if line in waiting.get(one.pk, ())]
                if not any(look_for(rival, line)[0] for rival in rivals):
                    match_payout(shop, line, actor_id=None, now=now)
            except Exception:
                log.exception("line %s was not settled as a payout of shop %s", line.line_id, shop.pk)
