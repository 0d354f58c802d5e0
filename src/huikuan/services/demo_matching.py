"""What the demo company lets the matcher do: post what is sure enough by itself."""

from __future__ import annotations

from datetime import datetime

from huikuan.services.matching_policy import Policy, set_policy
from huikuan.store.models import Entity, MatchingPolicy

POLICIES = {
    "HD": Policy(is_automatic=True, error_ppm=1_000, audit_bp=1_000, charge_minor_max=50_00, needs_paper=True),
    "YX": Policy(is_automatic=True, error_ppm=1_000, audit_bp=1_000, charge_minor_max=15_00),
}
"""One in a thousand may be wrong, and one in ten is asked back: two years of payments, most of them with a number,
prove it."""


def add_policies(*, now: datetime) -> None:
    """Policies of the entities there are, before their bank statements come: the lines are matched by the worker, when
    the server runs. Again, nothing more happens."""
    for entity in Entity.objects.filter(code__in=list(POLICIES)):
        if not MatchingPolicy.objects.filter(entity=entity).exists():
            set_policy(entity.pk, POLICIES[entity.code], actor_id=None, now=now)
