"""By which channel a receipt came, and what an entity has decided about channels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from huikuan.core.channels import Channel
from huikuan.core.notes import NoteKind, Settles
from huikuan.core.payment_reference import ReferenceScheme
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ChannelPolicy, ReceiptChannel
from huikuan.store.rows import insert_rows


def keep_channels(pairs: Iterable[tuple[int, Channel]]) -> None:
    """Within the transaction that posts receipts: by which channel each came."""
    insert_rows("store_receiptchannel", ("receipt_id", "channel"), [(number, one.value) for number, one in pairs])


def keep_told(receipt_ids: Iterable[int], told: Iterable[Channel | None]) -> None:
    """``keep_channels`` for receipts of which some came nobody knows how."""
    pairs = zip(receipt_ids, told, strict=True)
    keep_channels((number, channel) for number, channel in pairs if channel is not None)


def channel_of(receipt_id: int) -> Channel | None:
    """By which channel a receipt came, where it is known."""
    found = ReceiptChannel.objects.filter(receipt_id=receipt_id).values_list("channel", flat=True).first()
    return Channel(found) if found else None


def policy_of(entity_id: int) -> ChannelPolicy:
    """What the entity has decided; the usual where it has not."""
    return ChannelPolicy.objects.filter(entity_id=entity_id).first() or ChannelPolicy(entity_id=entity_id)


def settles_by_policy(entity_id: int, kind: NoteKind) -> Settles:
    """When a note of a kind settles what it was given for."""
    policy = policy_of(entity_id)
    return Settles(policy.cheques_settle if kind == NoteKind.CHEQUE else policy.notes_settle)


def set_policy(
    entity_id: int,
    *,
    notes_settle: Settles,
    cheques_settle: Settles,
    escort_from_minor: int | None,
    reference_scheme: ReferenceScheme,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Decides for notes and receipts to come; those there are keep what was decided when they were taken.

    Refuses ``right.missing`` and ``channel.escort_negative``.
    """
    if escort_from_minor is not None and escort_from_minor < 0:
        raise Refusal("channel.escort_negative", "the sum from which cash is escorted is not negative")

    def work() -> None:
        demand(actor_id, Right.MANAGE_POLICY, entity_id=entity_id)
        ChannelPolicy.objects.update_or_create(
            entity_id=entity_id,
            defaults={
                "notes_settle": notes_settle.value,
                "cheques_settle": cheques_settle.value,
                "escort_from_minor": escort_from_minor,
                "reference_scheme": reference_scheme.value,
            },
        )
        record(
            "channel.policy",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            notes=notes_settle.value,
            cheques=cheques_settle.value,
            escort_from_minor=escort_from_minor,
            references=reference_scheme.value,
        )

    run_in_transaction(work)
