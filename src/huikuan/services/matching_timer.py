"""Matching without anybody asking: by the schedule, besides after every import."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from huikuan.core.refusals import Refusal
from huikuan.core.said import Line, Said
from huikuan.queries.matching_work import at_work
from huikuan.services.matching import run_matching, unmatched_ids
from huikuan.services.schedule import describe_failure
from huikuan.store.models import BankAccount, Entity, MatchingModel

log = logging.getLogger(__name__)
FITTED = timedelta(days=7)
"""How long a bar stands before the past is replayed again, with what people decided since."""


def match_due(now: datetime) -> Line | None:
    """Goes over the lines of every entity that nobody has explained yet or whose explanations are out of date, posts
    what its policy allows; the bar is set anew once a week. Gives what came of it; nothing where no line waited. An
    entity whose lines are refused keeps nobody else's from being matched: its refusal is told."""
    told: list[Said] = []
    books = Entity.objects.filter(id__in=BankAccount.objects.values("entity_id")).order_by("code")
    for entity_id, code in books.values_list("id", "code"):
        if at_work(entity_id) or not unmatched_ids(entity_id):
            continue
        is_old = MatchingModel.objects.filter(entity_id=entity_id, fitted_at__lt=now - FITTED).exists()
        try:
            report = run_matching(entity_id, actor_id=None, now=now, every=False, fit=is_old)
        except Refusal as refusal:
            if refusal.code != "match.at_work":  # Somebody began meanwhile.
                log.warning("matching %s: %s", code, refusal.code)
                told += [Said("{entity}: no lines were matched", {"entity": code}), describe_failure(refusal)]
            continue
        told.append(
            Said(
                "{entity}: {lines} lines matched, {posted} posted by themselves, {left} for a person",
                {
                    "entity": code,
                    "lines": report.lines,
                    "posted": report.posted,
                    "left": report.lines - report.posted,
                },
            )
        )
    return tuple(told) or None
