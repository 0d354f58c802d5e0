"""Settlement agreements proposed, signed, valued and withdrawn: all that happens before anything is posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from huikuan.core.agreements import (
    LIVE,
    AgreementKind,
    AgreementState,
    AgreementStep,
    Claim,
    Party,
    PartyKind,
    ThingKind,
    check_balanced,
    check_line,
    check_state,
    parties_of,
    spread_price,
)
from huikuan.core.applications import OpenRow
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text, check_texts
from huikuan.services.agreements_standing import (
    add_event,
    check_paper,
    demand_all,
    held_elsewhere,
    lock_agreement,
    of_kind,
    tell,
    too_early,
)
from huikuan.services.idempotency import once
from huikuan.services.locking import lock_items
from huikuan.services.rights import demand_accounts, demand_some
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    AgreementClaim,
    AgreementLine,
    AgreementParty,
    Customer,
    Entity,
    OpenItem,
    SettlementAgreement,
)

_TEXTS = {"number": 60, "memo": NAME_MAX}
RIGHT = Right.POST_ADJUSTMENT


@dataclass(frozen=True, slots=True)
class NewThreeParty:
    """What several parties agree on. ``lines``: items of ours with the amounts given up, each with its item's sign, of
    any of our entities; ``claims``: all other debts of the round, which stand outside this ledger."""

    entity_id: int
    number: str
    lines: tuple[tuple[int, int], ...]
    claims: tuple[Claim, ...]
    memo: str = ""


@dataclass(frozen=True, slots=True)
class NewInKind:
    """A thing taken for debts. ``debts``: items with the amounts it is about; ``price_minor``: for how much it is
    taken, at most that. What is left of the debts stays open until it is decided upon."""

    entity_id: int
    number: str
    debts: tuple[tuple[int, int], ...]
    price_minor: int
    thing: str
    thing_kind: ThingKind
    place: str
    memo: str = ""


@dataclass(frozen=True, slots=True)
class _Named:
    """An item under an agreement as read under lock; amounts have its sign."""

    item: OpenItem
    row: OpenRow
    amount_minor: int
    debt_minor: int


def propose_three_party(
    new: NewThreeParty, *, on: date, actor_id: int | None, now: datetime, key: str | None = None
) -> int:
    """Keeps a proposal; gives its number. Nothing is posted; the items are held for it.

    Refuses ``agreement.number``, ``agreement.number_taken``, ``agreement.no_items``, ``agreement.currency``,
    ``agreement.name_items``, ``application.item_twice``, what ``check_balanced`` and ``check_line`` refuse, and
    ``right.missing``.
    """
    _check_new(new)

    def work() -> dict[str, int]:
        named = _lock_named(new.lines, new.entity_id, actor_id)
        claims = [*_claims_of(named), *(_known(claim) for claim in new.claims)]
        check_balanced(claims)
        total = sum(one.amount_minor for one in named if one.amount_minor > 0)
        if not total:
            raise Refusal("agreement.no_items", "name the items that customers are released from")
        agreement = _write(new, AgreementKind.THREE_PARTY, named, claims, total, on, actor_id, now)
        return {"agreement": agreement.pk}

    return _once(new, on, work, actor_id=actor_id, now=now, key=key)


def propose_in_kind(new: NewInKind, *, on: date, actor_id: int | None, now: datetime, key: str | None = None) -> int:
    """Keeps a proposal; gives its number. The price closes the oldest debts first.

    Refuses ``agreement.thing``, ``agreement.one_customer``, ``agreement.price``, ``agreement.over_debt`` and what
    ``propose_three_party`` refuses of items and numbers.
    """
    _check_new(new)
    if not new.thing.strip():
        raise Refusal("agreement.thing", "say what is taken for the debt")
    check_texts(new, {"thing": NAME_MAX, "place": 200})

    def work() -> dict[str, int]:
        named = _lock_named(new.debts, new.entity_id, actor_id)
        if len({one.row.account_id for one in named}) > 1 or any(one.amount_minor < 0 for one in named):
            raise Refusal("agreement.one_customer", "a thing is taken for debts of one customer to one legal entity")
        parts = spread_price(new.price_minor, [(one.row, one.amount_minor) for one in named])
        named = [replace(one, amount_minor=part) for one, part in zip(named, parts, strict=True)]
        claims = _claims_of(named)
        agreement = _write(new, AgreementKind.IN_KIND, named, claims, new.price_minor, on, actor_id, now)
        return {"agreement": agreement.pk}

    return _once(new, on, work, actor_id=actor_id, now=now, key=key)


def sign_agreement(
    agreement_id: int,
    ordinals: Sequence[int],
    document_id: int | None,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
) -> AgreementState:
    """Keeps that parties (by their numbers within the agreement) have signed, with the paper; gives the state.

    Refuses ``agreement.unknown``, ``agreement.state``, ``agreement.no_party``, ``agreement.signed_already``,
    ``agreement.paper_missing``, ``agreement.day`` and ``right.missing``.
    """

    def work() -> AgreementState:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, RIGHT, row)
        check_state(AgreementState(row.state), (AgreementState.PROPOSED,))
        if on < row.proposed_on:
            raise too_early(row.proposed_on)
        parties = {party.ordinal: party for party in row.parties.all()}
        wanted = sorted(set(ordinals))
        if not wanted or any(number not in parties for number in wanted):
            raise Refusal("agreement.no_party", "say which of the parties has signed")
        signed = set(row.events.filter(step=AgreementStep.SIGNED).values_list("party__ordinal", flat=True))
        if again := sorted(signed.intersection(wanted)):
            raise Refusal("agreement.signed_already", "{name} has signed already", name=parties[again[0]].name)
        check_paper(row, document_id)
        signed |= set(wanted)
        for number in wanted:
            is_last = number == wanted[-1] and signed >= parties.keys()
            facts: dict[str, Any] = {"party": parties[number], "document_id": document_id}
            state = AgreementState.SIGNED if is_last else None
            add_event(row, AgreementStep.SIGNED, on=on, actor_id=actor_id, now=now, state=state, **facts)
        return AgreementState(row.state)

    return run_in_transaction(work)


def value_thing(
    agreement_id: int,
    valued_minor: int,
    valuer: str,
    document_id: int | None,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Keeps at how much a thing was valued, by whom, on which day, and the paper; the last valuation counts.

    Refuses ``agreement.valuer``, ``agreement.price``, ``agreement.state``, ``agreement.bad_kind``,
    ``agreement.paper_missing`` and ``right.missing``.
    """
    check_text("valuer", valuer, 200)
    if not valuer.strip():
        raise Refusal("agreement.valuer", "say who valued it")
    if valued_minor <= 0:
        raise Refusal("agreement.price", "say for how much the thing is taken")

    def work() -> None:
        row = lock_agreement(agreement_id)
        of_kind(row, AgreementKind.IN_KIND)
        demand_all(actor_id, RIGHT, row)
        check_state(AgreementState(row.state), LIVE)
        check_paper(row, document_id)
        facts: dict[str, Any] = {"amount_minor": valued_minor, "text": valuer.strip(), "document_id": document_id}
        add_event(row, AgreementStep.VALUED, on=on, actor_id=actor_id, now=now, **facts)

    run_in_transaction(work)


def withdraw_agreement(agreement_id: int, *, on: date, memo: str = "", actor_id: int | None, now: datetime) -> None:
    """Ends an agreement that was not posted; its items are free again. Refuses ``agreement.unknown``,
    ``agreement.state`` and ``right.missing``."""
    check_text("memo", memo, NAME_MAX)

    def work() -> None:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, RIGHT, row)
        check_state(AgreementState(row.state), LIVE)
        state = AgreementState.WITHDRAWN
        add_event(row, AgreementStep.WITHDRAWN, on=on, actor_id=actor_id, now=now, state=state, memo=memo)

    run_in_transaction(work)


def _once(
    new: NewThreeParty | NewInKind,
    on: date,
    work: Callable[[], dict[str, int]],
    *,
    actor_id: int | None,
    now: datetime,
    key: str | None,
) -> int:
    who: dict[str, Any] = {"entity_id": new.entity_id, "actor_id": actor_id, "now": now, "key": key}
    return int(once(operation="agreement.propose", request=(new, on), work=work, **who)["agreement"])


def _check_new(new: NewThreeParty | NewInKind) -> None:
    check_texts(new, _TEXTS)
    if not new.number.strip():
        raise Refusal("agreement.number", "give the number the agreement goes by")


def _lock_named(lines: Sequence[tuple[int, int]], entity_id: int, actor_id: int | None) -> list[_Named]:
    """The items, locked and free for so much; one currency, each once, one at least of the entity that keeps it."""
    demand_some(actor_id, RIGHT, entity_id=entity_id)
    items = {item.pk: item for item in OpenItem.objects.filter(id__in=[number for number, _ in lines])}
    ours = {item.entity_id for item in items.values()}
    if entity_id not in ours:
        raise Refusal("agreement.no_items", "name the items that customers are released from")
    rows: dict[int, OpenRow] = {}
    for number in sorted(ours):
        accounts = {item.account_id for item in items.values() if item.entity_id == number}
        demand_accounts(actor_id, RIGHT, entity_id=number, account_ids=accounts)
        rows |= lock_items(number, [item.pk for item in items.values() if item.entity_id == number])
    held = held_elsewhere(list(items))
    found: list[_Named] = []
    for item_id, amount in lines:
        if item_id not in rows:
            raise Refusal("item.unknown", "there is no item {item_id} in this entity", item_id=item_id)
        if any(one.item.pk == item_id for one in found):
            raise Refusal(
                "application.item_twice", "item {item_id} is named twice: add up its amounts", item_id=item_id
            )
        item = items[item_id]
        check_line(rows[item_id], amount, held.get(item_id, 0), item.document_number)
        found.append(_Named(item, rows[item_id], amount, amount))
    if len({one.row.currency for one in found}) > 1:
        raise Refusal("agreement.currency", "all debts of an agreement are in one currency")
    return found


def _claims_of(named: Sequence[_Named]) -> list[Claim]:
    """What the items come to: customers owe us, and we owe them their credits."""
    sums: dict[tuple[int, int, bool], int] = defaultdict(int)
    for one in named:
        sums[one.item.entity_id, one.row.account_id, one.amount_minor > 0] += abs(one.amount_minor)
    names = dict(Entity.objects.filter(id__in=[key[0] for key in sums]).values_list("id", "name"))
    whose = {
        number: Party(PartyKind.CUSTOMER, name, customer_id)
        for number, customer_id, name in Customer.objects.filter(accounts__in=[key[1] for key in sums]).values_list(
            "accounts", "id", "name"
        )
    }
    claims = []
    for (entity_id, account_id, owes_us), amount in sums.items():
        us, them = Party(PartyKind.ENTITY, names[entity_id], entity_id), whose[account_id]
        claims.append(Claim(them, us, amount) if owes_us else Claim(us, them, amount))
    return claims


def _known(claim: Claim) -> Claim:
    """A claim with the names as we know them. What a customer owes us is named by its items."""
    owed_by, owed_to = _party(claim.owed_by), _party(claim.owed_to)
    if owed_by.kind == PartyKind.CUSTOMER and owed_to.kind == PartyKind.ENTITY:
        raise Refusal(
            "agreement.name_items",
            "what {name} owes us is named by its items, not as a sum",
            name=owed_by.name,
        )
    return Claim(owed_by, owed_to, claim.amount_minor)


def _party(party: Party) -> Party:
    """Refuses ``agreement.party_unknown``."""
    check_text("name", party.name, 200)
    if party.kind == PartyKind.OTHER:
        if not party.name.strip():
            raise Refusal("agreement.party_unknown", "there is no such party")
        return Party(PartyKind.OTHER, " ".join(party.name.split()))
    model = Entity if party.kind == PartyKind.ENTITY else Customer
    name = model.objects.filter(id=party.number).values_list("name", flat=True).first()
    if name is None:
        raise Refusal("agreement.party_unknown", "there is no such party")
    return Party(party.kind, name, party.number)


def _write(
    new: NewThreeParty | NewInKind,
    kind: AgreementKind,
    named: Sequence[_Named],
    claims: Sequence[Claim],
    amount_minor: int,
    on: date,
    actor_id: int | None,
    now: datetime,
) -> SettlementAgreement:
    number = new.number.strip()
    taken = SettlementAgreement.objects.filter(entity_id=new.entity_id, number=number)
    if taken.exclude(state__in=[AgreementState.UNDONE, AgreementState.WITHDRAWN]).exists():
        raise Refusal("agreement.number_taken", "there is an agreement {number} already", number=number)
    in_kind = new if isinstance(new, NewInKind) else None
    row = SettlementAgreement.objects.create(
        entity_id=new.entity_id,
        account_id=next(one.row.account_id for one in named if one.item.entity_id == new.entity_id),
        kind=kind.value,
        number=number,
        currency=named[0].row.currency,
        amount_minor=amount_minor,
        debt_minor=sum(one.debt_minor for one in named if one.debt_minor > 0),
        thing=in_kind.thing.strip() if in_kind else "",
        thing_kind=in_kind.thing_kind.value if in_kind else "",
        place=in_kind.place.strip() if in_kind else "",
        memo=new.memo.strip(),
        state=AgreementState.PROPOSED.value,
        proposed_on=on,
        recorded_at=now,
        actor_id=actor_id,
    )
    _write_parts(row, named, claims)
    demand_all(actor_id, RIGHT, row)
    tell(row, "agreement.proposed", actor_id=actor_id, now=now)
    return row


def _write_parts(row: SettlementAgreement, named: Sequence[_Named], claims: Sequence[Claim]) -> None:
    parties = {
        party.key: AgreementParty.objects.create(
            agreement=row,
            ordinal=ordinal,
            kind=party.kind.value,
            name=party.name,
            entity_id=party.number if party.kind == PartyKind.ENTITY else None,
            customer_id=party.number if party.kind == PartyKind.CUSTOMER else None,
        )
        for ordinal, party in enumerate(parties_of(claims), 1)
    }
    kept: dict[tuple[int, int | None], AgreementClaim] = {}
    for ordinal, claim in enumerate(claims, 1):
        made = AgreementClaim.objects.create(
            agreement=row,
            ordinal=ordinal,
            owed_by=parties[claim.owed_by.key],
            owed_to=parties[claim.owed_to.key],
            amount_minor=claim.amount_minor,
        )
        kept.setdefault((made.owed_by_id, made.owed_to_id), made)
    by_account = {
        number: parties[PartyKind.CUSTOMER, customer_id, ""].pk
        for number, customer_id in Customer.objects.filter(
            accounts__in=[one.row.account_id for one in named]
        ).values_list("accounts", "id")
    }
    for one in named:
        us, them = parties[PartyKind.ENTITY, one.item.entity_id, ""].pk, by_account[one.row.account_id]
        pair = (them, us) if one.debt_minor > 0 else (us, them)
        AgreementLine.objects.create(
            agreement=row,
            claim=kept[pair],
            item=one.item,
            amount_minor=one.amount_minor,
            debt_minor=one.debt_minor,
        )
