"""Entities on their way to going live: how far they are, what is proved, and which documents a difference may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from huikuan.core.accounts import CONTROL_ACCOUNTS, LedgerAccount
from huikuan.core.going_live import Balance, Comparison, Step, compare
from huikuan.queries.standing import not_live_yet
from huikuan.store.models import (
    CustomerAccount,
    Entity,
    ExchangeRate,
    GoLive,
    GoLiveProof,
    OpeningBalance,
    OpenItem,
    Receipt,
    RoleGrant,
)
from huikuan.store.public_ids import public_id

CANDIDATES_MAX = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document whose amount is the difference (``same``), half of it (``half``: on the wrong side), or the
    difference but dated after the eve (``after``)."""

    why: str
    kind: str
    public_id: str
    document: str
    customer: str
    day: date
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ProofRow:
    compared: Comparison
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof of an entity that is live. ``balances``: ledger account, currency, minor units."""

    cut_over: date
    balances: list[tuple[str, str, int]]
    items: int
    receipts: int
    head_seq: int
    head_hash: str
    live_at: datetime
    live_by: str


@dataclass(frozen=True, slots=True)
class Journey:
    """How far an entity is. ``done``: the steps that are; ``counts``: what stands behind a step, where it counts."""

    entity_id: int
    code: str
    name: str
    currency: str
    cut_over: date | None
    done: frozenset[Step]
    counts: dict[str, int]
    missing_rates: tuple[str, ...]
    given: list[Balance]
    proof: list[ProofRow]
    certificate: Certificate | None

    @property
    def next_step(self) -> Step | None:
        return next((step for step in Step if step not in self.done), None)

    @property
    def is_equal(self) -> bool:
        return bool(self.given) and all(row.compared.is_equal for row in self.proof)


def journey(entity_id: int) -> Journey:
    """Everything the wizard shows of an entity."""
    entity = Entity.objects.get(id=entity_id)
    started = GoLive.objects.filter(entity_id=entity_id).first()
    certificate = certificate_of(entity_id)
    cut_over = certificate.cut_over if certificate else started.cut_over if started else None
    given = given_balances(entity_id)
    proof = proof_rows(entity_id, cut_over) if cut_over else []
    missing = _missing_rates(entity_id, entity.currency)
    opening = Q(posting_date__lt=cut_over) if cut_over else Q()
    counts = {
        "people": RoleGrant.objects.filter(entity_id=entity_id).values("user_id").distinct().count(),
        "customers": CustomerAccount.objects.filter(entity_id=entity_id).count(),
        "items": OpenItem.objects.filter(opening, entity_id=entity_id).count(),
        "receipts": Receipt.objects.filter(opening, entity_id=entity_id).count(),
        "balances": len(given),
    }
    equal = bool(given) and all(row.compared.is_equal for row in proof)
    facts = {
        Step.ENTITY: True,
        Step.PEOPLE: counts["people"] > 0,
        Step.RATES: not missing,
        Step.CUSTOMERS: counts["customers"] > 0,
        Step.CUT_OVER: cut_over is not None,
        Step.ITEMS: cut_over is not None and counts["items"] + counts["receipts"] > 0,
        Step.BALANCES: bool(given),
        Step.PROOF: certificate is not None or (cut_over is not None and equal),
        Step.LIVE: certificate is not None,
    }
    return Journey(
        entity_id=entity_id,
        code=entity.code,
        name=entity.name,
        currency=entity.currency,
        cut_over=cut_over,
        done=frozenset(step for step, is_done in facts.items() if is_done),
        counts=counts,
        missing_rates=missing,
        given=given,
        proof=proof,
        certificate=certificate,
    )


def given_balances(entity_id: int) -> list[Balance]:
    """The old general ledger's side, as typed or brought in."""
    rows = OpeningBalance.objects.filter(entity_id=entity_id).order_by("ledger_account", "currency")
    return [Balance(LedgerAccount(row.ledger_account), row.currency, row.amount_minor) for row in rows]


def found_balances(entity_id: int, cut_over: date) -> dict[tuple[str, str], int]:
    """What the control accounts stand at here on the eve, per account and currency."""
    accounts = [account.value for account in CONTROL_ACCOUNTS]
    marks = ", ".join(["%s"] * len(accounts))
    day: Any = cut_over.isoformat() if connection.vendor == "sqlite" else cut_over
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.ledger_account, p.currency, sum(p.amount_minor) FROM store_posting p"
            " JOIN store_journalentry e ON e.id = p.entry_id"
            f" WHERE e.entity_id = %s AND e.posting_date < %s AND p.ledger_account IN ({marks}) GROUP BY 1, 2",
            [entity_id, day, *accounts],
        )
        return {(account, currency): int(minor) for account, currency, minor in cursor.fetchall()}


def comparisons(entity_id: int, cut_over: date) -> list[Comparison]:
    return compare(given_balances(entity_id), found_balances(entity_id, cut_over))


def proof_rows(entity_id: int, cut_over: date) -> list[ProofRow]:
    """Both sides of every control account, with documents that may be what is between them."""
    rows = []
    for row in comparisons(entity_id, cut_over):
        differs = row.given_minor is not None and row.difference_minor
        rows.append(ProofRow(row, _candidates(entity_id, row, cut_over) if differs else []))
    return rows


def _candidates(entity_id: int, row: Comparison, cut_over: date) -> list[Candidate]:
    size = abs(row.difference_minor)
    eve = Q(posting_date__lt=cut_over)
    soon = Q(posting_date__gte=cut_over, posting_date__lt=cut_over + timedelta(days=62))
    tries = [("same", eve, size), ("after", soon, size)]
    if size % 2 == 0:
        tries.append(("half", eve, size // 2))
    found: list[Candidate] = []
    for why, days, amount in tries:
        amounts = Q(amount_minor__in=[amount, -amount])
        if row.ledger_account in (LedgerAccount.TRADE, LedgerAccount.NOTES, LedgerAccount.ADVANCES):
            amounts |= Q(balance__open_minor__in=[amount, -amount])
            items = OpenItem.objects.filter(
                days, amounts, entity_id=entity_id, currency=row.currency, ledger_account=row.ledger_account.value
            ).select_related("account__customer")
            found += [
                Candidate(
                    why, item.kind, public_id("itm", item.id), item.document_number, item.account.customer.name,
                    item.document_date, item.currency, item.amount_minor,
                )
                for item in items.order_by("document_date", "id")[:CANDIDATES_MAX]
            ]  # fmt: skip
        receipts = Receipt.objects.filter(days, amounts_of(amount), entity_id=entity_id, currency=row.currency)
        found += [
            Candidate(
                why, "receipt", public_id("rcp", receipt.id), receipt.reference or receipt.external_id,
                receipt.account.customer.name if receipt.account else "", receipt.value_date, receipt.currency,
                receipt.amount_minor,
            )
            for receipt in receipts.select_related("account__customer").order_by("value_date", "id")[:CANDIDATES_MAX]
        ]  # fmt: skip
    return found[:CANDIDATES_MAX]


def amounts_of(amount: int) -> Q:
    return Q(amount_minor=amount) | Q(balance__unapplied_minor=amount) | Q(balance__unidentified_minor=amount)


def _missing_rates(entity_id: int, base: str) -> tuple[str, ...]:
    """Currencies of documents without any rate into the books' currency."""
    used = set(OpenItem.objects.filter(entity_id=entity_id).values_list("currency", flat=True).distinct())
    used |= set(OpeningBalance.objects.filter(entity_id=entity_id).values_list("currency", flat=True))
    known = set(ExchangeRate.objects.filter(base=base).values_list("currency", flat=True))
    return tuple(sorted(used - known - {base}))


def certificate_of(entity_id: int) -> Certificate | None:
    row = GoLiveProof.objects.select_related("live_by").filter(entity_id=entity_id).first()
    if row is None:
        return None
    who: Any = row.live_by
    return Certificate(
        cut_over=row.cut_over,
        balances=[(account, currency, minor) for account, currency, minor in row.balances],
        items=row.items,
        receipts=row.receipts,
        head_seq=row.head_seq,
        head_hash=row.head_hash,
        live_at=row.live_at,
        live_by=(who.get_full_name() or who.get_username()) if who else "",
    )


def not_live(entity_ids: Iterable[int]) -> list[tuple[str, str]]:
    """Code and name of those entities that are on their way and not live yet."""
    wanted = set(entity_ids)
    return [(code, name) for number, code, name in not_live_yet() if number in wanted]
