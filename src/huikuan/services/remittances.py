"""Remittance advices: kept with their file, and linked to the line of money they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from huikuan.bank.remittance import RemittanceAdvice as ReadAdvice
from huikuan.bank.remittance import parse_remittance
from huikuan.core.banking import LineKind
from huikuan.core.money import from_decimal
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.engines.likeness import name_score
from huikuan.services.auditing import record
from huikuan.services.bank_fitting import plain_text
from huikuan.services.matching_stale import mark_line_stale
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.files import put_file
from huikuan.store.models import BankLine, Entity, RemittanceAdvice, RemittanceAdviceRow

BEFORE, AFTER = timedelta(days=10), timedelta(days=30)
"""How long before and after the day an advice names its payment may come."""
ALIKE = 75
"""From which score on two names are taken for one payer."""
_PART = 500


@dataclass(frozen=True, slots=True)
class AdviceResult:
    """What a file held: the advices in it, new or known, and which of them found their line."""

    advice_ids: tuple[int, ...]
    known: int
    linked: int


def keep_advices(entity_id: int, data: bytes, name: str, *, actor_id: int | None, now: datetime) -> AdviceResult:
    """Keeps the advices of a file and links each to its line where that is certain. The same file again adds nothing.

    Raises ``BadStatement`` for a file that is no advice; refuses ``remittance.no_money`` (amounts its currency cannot
    have), ``entity.unknown`` and ``right.missing``.
    """
    read = parse_remittance(data, name)
    sha256 = put_file(data)

    def work() -> AdviceResult:
        demand(actor_id, Right.ADD_DOCUMENT, entity_id=entity_id)
        entity = Entity.objects.filter(id=entity_id).first()
        if entity is None:
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        same = RemittanceAdvice.objects.filter(entity_id=entity_id, file_sha256=sha256)
        known = dict(same.values_list("place", "id"))
        found, linked = [], 0
        for place, one in enumerate(read):
            if place in known:
                found.append(known[place])
                continue
            row = _keep(entity, one, place, plain_text(name, 200), sha256, len(data), actor_id, now)
            found.append(int(row.pk))
            linked += _link_found(row, actor_id, now)
        if len(found) > len(known):
            record("remittance.added", now=now, actor_id=actor_id, entity_id=entity_id, sha256=sha256, count=len(found))
        return AdviceResult(tuple(found), len(known), linked)

    return run_in_transaction(work)


def _keep(
    entity: Entity,
    one: ReadAdvice,
    place: int,
    name: str,
    sha256: str,
    size: int,
    actor_id: int | None,
    now: datetime,
) -> RemittanceAdvice:
    currency = one.currency or entity.currency
    row = RemittanceAdvice.objects.create(
        entity_id=entity.pk,
        file_name=name,
        file_sha256=sha256,
        file_bytes=size,
        place=place,
        payer_name=plain_text(one.payer_name, 300),
        reference=plain_text(one.reference, 120),
        dated=one.paid_on,
        currency=currency,
        total_minor=_minor(one.total, currency),
        received_at=now,
        received_by_id=actor_id,
    )
    RemittanceAdviceRow.objects.bulk_create(
        [
            RemittanceAdviceRow(
                advice=row,
                ordinal=ordinal,
                document_number=plain_text(document.number, 120),
                amount_minor=_minor(document.amount, currency),
                deduction_minor=_minor(document.deduction, currency),
                note=plain_text(document.deduction_reason, 300),
            )
            for ordinal, document in enumerate(one.documents, start=1)
        ],
        batch_size=1_000,
    )
    return row


def _minor(amount: Decimal | None, currency: str) -> int | None:
    if amount is None:
        return None
    try:
        return from_decimal(amount, currency)
    except Refusal as refusal:
        raise Refusal(
            "remittance.no_money", "The advice has an amount that {currency} cannot have.", currency=currency
        ) from refusal


# -- which line it is about --------------------------------------------------------------------------------------------
def lines_for(advice: RemittanceAdvice) -> list[BankLine]:
    """The lines an advice may be about: money in of its amount around its day, without another advice; those whose
    payer is named alike first. Where a wallet kept a fee, the payer paid that as well."""
    if advice.total_minor is None or advice.total_minor <= 0:
        return []
    found = _free_lines(advice.entity_id).filter(currency=advice.currency)
    whole = Q(fee__isnull=True, amount_minor=advice.total_minor)
    found = found.filter(whole | Q(fee__amount_minor=advice.total_minor - F("amount_minor")))
    day = advice.dated or advice.received_at.date()
    found = found.filter(value_date__gte=day - BEFORE, value_date__lte=day + AFTER)
    rows = list(found.select_related("text").order_by("value_date", "id")[:50])
    return sorted(rows, key=lambda line: -_alike(advice, line))


def candidate_lines(advice_id: int) -> list[int]:
    """``lines_for`` by numbers, for the page that asks which it is."""
    advice = RemittanceAdvice.objects.filter(id=advice_id).first()
    return [line.pk for line in lines_for(advice)] if advice is not None else []


def _free_lines(entity_id: int) -> QuerySet[BankLine]:
    return BankLine.objects.filter(entity_id=entity_id, kind=LineKind.RECEIPT.value, advices__isnull=True)


def _alike(advice: RemittanceAdvice, line: BankLine) -> int:
    """How alike the payers are named, 0 to 100; 0 too where one of the two names nobody."""
    text = getattr(line, "text", None)
    names = [one for one in (text.payer_name, text.ultimate_party) if one] if text else []
    return max((name_score(advice.payer_name, one) for one in names), default=0) if advice.payer_name else 0


def certain_line(advice: RemittanceAdvice) -> BankLine | None:
    """The line an advice is about for certain: the only one of its amount whose payer is named alike, or, where a name
    is missing, the only one of its amount."""
    lines = lines_for(advice)
    alike = [line for line in lines if _alike(advice, line) >= ALIKE]
    if len(alike) == 1:
        return alike[0]
    silent = [line for line in lines if not _names_payer(line)] if advice.payer_name else lines
    return lines[0] if len(lines) == 1 and silent else None


def _names_payer(line: BankLine) -> bool:
    text = getattr(line, "text", None)
    return bool(text and (text.payer_name or text.ultimate_party))


def _link_found(advice: RemittanceAdvice, actor_id: int | None, now: datetime) -> bool:
    line = certain_line(advice)
    if line is not None:
        _link(advice, line, actor_id, now, "remittance.linked")
    return line is not None


def link_after_import(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """Links advices that came before their money, once it is there."""

    def work() -> None:
        amounts: set[tuple[str, int]] = set()
        for start in range(0, len(line_ids), _PART):
            rows = BankLine.objects.filter(id__in=line_ids[start : start + _PART])
            paid = F("amount_minor") + Coalesce("fee__amount_minor", 0)
            amounts |= set(rows.annotate(paid=paid).values_list("currency", "paid"))
        open_ones = RemittanceAdvice.objects.select_for_update().filter(entity_id=entity_id, line=None)
        for advice in open_ones.order_by("id"):
            if advice.total_minor is not None and (advice.currency, advice.total_minor) in amounts:
                _link_found(advice, actor_id, now)

    if RemittanceAdvice.objects.filter(entity_id=entity_id, line=None).exists():
        run_in_transaction(work)


def link_advice(advice_id: int, line_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Says which line an advice is about. Refuses ``remittance.unknown``, ``remittance.linked``,
    ``remittance.other_line`` (not of its amount, or too far from its day) and ``right.missing``."""

    def work() -> None:
        advice = _locked(advice_id, actor_id)
        if advice.line_id is not None:
            raise Conflict("remittance.linked", "The advice is linked to a line already.")
        line = next((one for one in lines_for(advice) if one.pk == line_id), None)
        if line is None:
            raise Refusal("remittance.other_line", "The line is not of the advice's amount, or has an advice already.")
        _link(advice, line, actor_id, now, "remittance.linked")

    run_in_transaction(work)


def unlink_advice(advice_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes the link back. Refuses ``remittance.unknown`` and ``right.missing``."""

    def work() -> None:
        advice = _locked(advice_id, actor_id)
        if advice.line_id is None:
            return
        mark_line_stale(advice.line_id)
        advice.line, advice.linked_at, advice.linked_by_id = None, None, None
        advice.save(update_fields=["line", "linked_at", "linked_by"])
        _tell("remittance.unlinked", advice, actor_id, now)

    run_in_transaction(work)


def _link(advice: RemittanceAdvice, line: BankLine, actor_id: int | None, now: datetime, code: str) -> None:
    advice.line, advice.linked_at, advice.linked_by_id = line, now, actor_id
    advice.save(update_fields=["line", "linked_at", "linked_by"])
    mark_line_stale(line.pk)
    _tell(code, advice, actor_id, now, line=line.pk)


def _locked(advice_id: int, actor_id: int | None) -> RemittanceAdvice:
    advice = RemittanceAdvice.objects.select_for_update().filter(id=advice_id).first()
    if advice is None:
        raise Refusal("remittance.unknown", "There is no such remittance advice.")
    demand(actor_id, Right.ADD_DOCUMENT, entity_id=advice.entity_id)
    return advice


def _tell(code: str, advice: RemittanceAdvice, actor_id: int | None, now: datetime, **data: int) -> None:
    record(code, now=now, actor_id=actor_id, entity_id=advice.entity_id, subject=f"remittance:{advice.pk}", **data)
