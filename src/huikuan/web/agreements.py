"""Settlement agreements: the list, one with its parties and steps, and proposing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.agreements import AgreementKind, Claim, Party, ThingKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import agreement_choices as choices
from huikuan.queries import agreements as queries
from huikuan.queries import desk
from huikuan.queries.agreement_choices import DebtRow
from huikuan.queries.agreements import WHICH
from huikuan.queries.customers import customer as find_customer
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import agreement_id_text
from huikuan.services.agreements import NewInKind, NewThreeParty, propose_in_kind, propose_three_party
from huikuan.web.acting import Field, act, actor, demand_now, read_money, read_on, read_text
from huikuan.web.agreement_acts import agreement_bar
from huikuan.web.agreement_words import KINDS, STATES, THINGS, state_word, step_word
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, show
from huikuan.web.tables.agreements import AGREEMENTS, waits_word
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address
from huikuan.web.words import word_of

RIGHT = Right.POST_ADJUSTMENT
CLAIMS = 6
"""Debts outside this ledger that the form has room for."""


@require_safe
@page
def list_agreements(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, AGREEMENTS)
    rows = AGREEMENTS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "live")
    counts = queries.agreement_counts(seat.frame)
    words = [(code, str(STATES[code])) for code in WHICH]
    offered = [(code, f"{word} {counts[code]:,}" if counts.get(code) else word, "") for code, word in words]
    chips = chips_of(request, "which", offered, active=which if which in WHICH else "live")
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which agreements"), chips)]),
        "rows": rows,
        "may_propose": bool(proposers(seat)),
        "filtered": ask.is_narrowed,
    }
    return show(request, seat, "agreements/list.html", context, room="agreements")


@require_safe
@page
def show_agreement(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    life = queries.agreement(seat.frame, public_id)
    if life is None:
        raise Http404
    context = {
        "life": life,
        "row": life.row,
        "kind": word_of(KINDS, life.row.kind),
        "state": state_word(life.row.kind, life.row.state),
        "waits": waits_word(life.row),
        "thing_kind": word_of(THINGS, life.thing_kind) if life.thing_kind else "",
        "steps": [(step_word(life.row.kind, one.step), one) for one in life.steps],
        "several": len({line.entity_code for line in life.lines}) > 1,
        **agreement_bar(seat, life),
    }
    return show(request, seat, "agreements/detail.html", context, room="agreements")


# -- proposing one -----------------------------------------------------------------------------------------------------
def proposers(seat: Seat) -> list[EntityRow]:
    """The entities in the frame in which this person may propose one."""
    return [row for row in seat.entities if row.can(RIGHT) and row.id in seat.frame.entity_ids]


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=RIGHT)
def propose(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A proposal, typed in: first whose debts, then which."""
    demand_now(seat)
    asked = request.GET.get("customer", "")
    customer = find_customer(seat.frame, asked) if asked else None
    if asked and customer is None:
        raise Http404
    if customer is None:
        return _choose(request, seat)
    kind = AgreementKind.IN_KIND if request.GET.get("kind") == AgreementKind.IN_KIND else AgreementKind.THREE_PARTY
    owed = choices.currencies_owed(seat.frame, asked)
    wanted = request.GET.get("currency", "")
    currency = wanted if wanted in owed else (owed[0] if owed else "")
    debts = choices.debts_of(seat.frame, asked, currency, [row.id for row in proposers(seat)]) if currency else []
    today = desk.day_at(debts[0].entity_id, timezone.now()) if debts else seat.frame.today

    def context(given: QueryDict) -> dict[str, Any]:
        first = next((row for row in seat.entities if debts and row.id == debts[0].entity_id), None)
        return {
            "customer": customer,
            "kind": kind.value,
            "kinds": [(code, word, code == kind) for code, word in KINDS.items()],
            "currencies": owed,
            "currency": currency,
            "debts": [(row, given.get(f"a-{row.public_id}", "")) for row in debts],
            "several": len({row.entity_id for row in debts}) > 1,
            "claims": _claim_rows(given, first.name if first else "", customer.name),
            "names": [*(row.name for row in seat.entities), customer.name],
            "fields": _fields(given, kind, currency, today.isoformat()),
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        lines = _lines(given, debts, currency)
        if not lines:
            raise Refusal("agreement.no_items", "name the items that customers are released from")
        entity_id = next(row.entity_id for row in debts if row.item_id == lines[0][0])
        on = read_on(given, today)
        common = {"number": read_text(given, "number", 60), "memo": read_text(given, "memo", 300)}
        if kind == AgreementKind.IN_KIND:
            number = propose_in_kind(
                _in_kind(given, entity_id, lines, currency, common), on=on, key=key, **actor(request)
            )
        else:
            claims = _claims(seat, given, currency, sum(minor for _item, minor in lines), asked)
            new = NewThreeParty(entity_id, lines=lines, claims=claims, **common)
            number = propose_three_party(new, on=on, key=key, **actor(request))
        messages.success(request, _("Agreement {number} is proposed.").format(number=common["number"]))
        return redirect(address(seat.kept, "agreement", agreement_id_text(number)))

    return act(request, seat, "agreements/new.html", context, do, currency=currency, room="agreements")


def _choose(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Whose debts it is about."""
    text = request.GET.get("q", "").strip()[:200]
    found = {
        owner.customer_public_id: owner
        for row in proposers(seat)
        for owner in (desk.find_owners(seat.frame, row.id, text) if text else [])
    }
    context = {"owners": list(found.values()), "q": text, "kind": request.GET.get("kind", "")}
    return show(request, seat, "agreements/choose.html", context, room="agreements")


def _fields(given: QueryDict, kind: AgreementKind, currency: str, today: str) -> list[Field]:
    shared = [
        Field("text", "number", _("Number of the agreement"), given.get("number", "")),
        Field("day", "on", _("Proposed on"), given.get("on", today)),
        Field("text", "memo", _("Remark"), given.get("memo", ""), required=False),
    ]
    if kind == AgreementKind.THREE_PARTY:
        return shared
    things = tuple((one.value, str(THINGS[one])) for one in ThingKind)
    hint = _("At most the debts named above; it closes the oldest first.")
    return [
        Field("text", "thing", _("What is taken"), given.get("thing", "")),
        Field("choice", "thing_kind", _("Kind"), given.get("thing_kind", ""), choices=things),
        Field("text", "place", _("Where it is"), given.get("place", ""), required=False),
        Field("money", "price", _("Taken for, in {currency}").format(currency=currency), given.get("price", ""), hint),
        *shared,
    ]


def _claim_rows(given: QueryDict, ours: str, theirs: str) -> list[tuple[str, str, str]]:
    """The debts outside this ledger as typed; at first what the usual round of three needs."""
    if given:
        by, to, amounts = (given.getlist(name) for name in ("owed_by", "owed_to", "claim"))
        rows = list(zip(by, to, amounts, strict=False))[:CLAIMS]
    else:
        rows = [(ours, "", ""), ("", theirs, "")]
    return [*rows, *[("", "", "")] * (CLAIMS - len(rows))]


def _lines(given: QueryDict, debts: list[DebtRow], currency: str) -> tuple[tuple[int, int], ...]:
    typed = ((row, given.get(f"a-{row.public_id}", "").strip()) for row in debts)
    return tuple((row.item_id, read_money(text, currency)) for row, text in typed if text)


def _claims(seat: Seat, given: QueryDict, currency: str, total: int, customer: str) -> tuple[Claim, ...]:
    """The rows of the form that name somebody; one without an amount is about as much as the items chosen."""
    them = choices.party_of_customer(seat.frame, customer)

    def party(text: str) -> Party:
        found = choices.party_named(seat.frame, seat.entities, text)
        return them if them is not None and found.name == them.name else found

    claims = []
    for owed_by, owed_to, amount in _claim_rows(given, "", ""):
        if not (owed_by.strip() or owed_to.strip()):
            continue
        if not (owed_by.strip() and owed_to.strip()):
            raise Refusal("agreement.half_claim", "each debt needs who owes it and to whom")
        minor = read_money(amount, currency) if amount.strip() else total
        claims.append(Claim(party(owed_by[:200]), party(owed_to[:200]), minor))
    return tuple(claims)


def _in_kind(
    given: QueryDict, entity_id: int, lines: tuple[tuple[int, int], ...], currency: str, common: dict[str, str]
) -> NewInKind:
    kind, price = given.get("thing_kind", ""), given.get("price", "").strip()
    return NewInKind(
        entity_id,
        debts=lines,
        price_minor=read_money(price, currency) if price else 0,
        thing=read_text(given, "thing", 300),
        thing_kind=ThingKind(kind) if kind in set(ThingKind) else ThingKind.OTHER,
        place=read_text(given, "place", 200),
        **common,
    )
