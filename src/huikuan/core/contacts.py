"""People at a customer: their parts in a payment, and kinds of notes a person writes about a customer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from huikuan.core.refusals import Refusal

STEPS_MAX = 20


class ContactPart(StrEnum):
    """What a person does on the way to a payment; in the order in which a collector asks for them."""

    DECIDES = "decides"
    """Says whether it is paid, 决策人."""
    ACCEPTS = "accepts"
    """Accepts goods or work, 验收人."""
    SIGNS = "signs"
    """Signs at a step of the customer's approval; which one, the contact says."""
    PAYS = "pays"
    """Makes the payment, 付款责任人."""
    EVERYDAY = "everyday"
    LEGAL = "legal"


class NoteKind(StrEnum):
    NOTE = "note"
    OBSERVATION = "observation"
    CALL = "call"
    VISIT = "visit"


def parse_parts(codes: Iterable[str]) -> tuple[ContactPart, ...]:
    """Parts in their usual order, each once. Refuses ``contact.bad_part``."""
    given = {code for code in codes if code}
    if unknown := given - {part.value for part in ContactPart}:
        raise Refusal("contact.bad_part", "{part!r} is no part in a payment", part=min(unknown)[:40])
    return tuple(part for part in ContactPart if part.value in given)


def check_step(parts: Iterable[ContactPart], step: int | None) -> int | None:
    """The signature's place, kept only for who signs. Refuses ``contact.bad_step``."""
    if ContactPart.SIGNS not in set(parts) or step is None:
        return None
    if not 1 <= step <= STEPS_MAX:
        raise Refusal("contact.bad_step", "A step of signing is between 1 and {last}.", last=STEPS_MAX)
    return step


def is_cycle(child: int, parent: int, parents: dict[int, int | None]) -> bool:
    """Whether ``child`` under ``parent`` would close a circle; ``parents`` gives each customer's parent."""
    at: int | None = parent
    seen = {child}
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at is not None
