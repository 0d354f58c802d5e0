"""What something can be linked to: things by their opaque ids, as the database numbers them."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.core.documents import LinkKind
from huikuan.queries.directory import account_rows
from huikuan.queries.documents import PREFIXES
from huikuan.queries.frame import Frame
from huikuan.store.public_ids import inner_id


@dataclass(frozen=True, slots=True)
class Target:
    kind: LinkKind
    object_id: int
    entity_id: int
    entity_name: str = ""


def target_of(kind: LinkKind, public_id: str, entity_id: int) -> Target:
    """The target behind an opaque id that has been seen to be one."""
    number = inner_id(PREFIXES[kind.value], public_id)
    if number is None:
        raise LookupError(public_id)
    return Target(kind, number, entity_id)


def account_targets(frame: Frame, public_id: str) -> list[Target]:
    """A customer's accounts in the frame, the first of each entity, in the entities' order."""
    customer_id = inner_id("cus", public_id)
    if customer_id is None:
        return []
    # One of the customer's own comes before one of a duplicate merged into it.
    found = sorted(account_rows(frame, customer_id), key=lambda one: (one.entity.code, one.origin_id or 0, one.id))
    first: dict[int, Target] = {}
    for account in found:
        first.setdefault(
            account.entity_id, Target(LinkKind.ACCOUNT, account.id, account.entity_id, account.entity.name)
        )
    return list(first.values())
