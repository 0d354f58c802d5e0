"""What the matcher may do by itself in an entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Entity, MatchingPolicy, MatchProposal

ERROR_PPM_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Policy:
    """As ``store.matching.MatchingPolicy``; these are what holds where nobody has set anything."""

    is_automatic: bool = False
    error_ppm: int = 1_000
    amount_minor_max: int | None = None
    audit_bp: int = 200
    charge_minor_max: int = 0
    charge_bp_max: int = 100
    needs_paper: bool = False

    @property
    def max_error(self) -> float:
        return self.error_ppm / 1_000_000


def policy_of(entity_id: int) -> Policy:
    """The policy of an entity."""
    row = MatchingPolicy.objects.filter(entity_id=entity_id).first()
    return Policy() if row is None else Policy(**{name: getattr(row, name) for name in Policy.__slots__})


def set_policy(entity_id: int, policy: Policy, *, actor_id: int | None, now: datetime) -> None:
    """Sets what posts itself. Refuses ``match.policy_bounds``, ``entity.unknown`` and ``right.missing``."""

    def work() -> None:
        demand(actor_id, Right.EDIT_MATCH_POLICY, entity_id=entity_id)
        if not Entity.objects.filter(id=entity_id).exists():
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        _check(policy)
        before = policy_of(entity_id)
        values = {name: getattr(policy, name) for name in Policy.__slots__}
        MatchingPolicy.objects.update_or_create(
            entity_id=entity_id, defaults={**values, "changed_at": now, "changed_by_id": actor_id}
        )
        # What waited because of the policy before is looked at again by the next run.
        MatchProposal.objects.filter(entity_id=entity_id).update(is_stale=True)
        changes = {name: [getattr(before, name), new] for name, new in values.items() if getattr(before, name) != new}
        record(
            "match.policy",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"entity:{entity_id}",
            changes=changes,
        )

    run_in_transaction(work)


def _check(policy: Policy) -> None:
    if not 0 < policy.error_ppm <= ERROR_PPM_MAX:
        raise Refusal("match.policy_error", "The share that may be wrong lies above 0 and up to 5 %.")
    if not 50 <= policy.audit_bp <= 10_000:
        raise Refusal("match.policy_audit", "The share that is asked back lies between 0.5 % and 100 %.")
    if policy.amount_minor_max is not None and policy.amount_minor_max <= 0:
        raise Refusal("match.policy_amount", "The largest amount must be more than nothing; leave it empty for none.")
    if policy.charge_minor_max < 0 or not 0 <= policy.charge_bp_max <= 1_000:
        raise Refusal("match.policy_charge", "A small charge is not below nothing and not above 10 % of the payment.")
