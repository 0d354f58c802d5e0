"""What an explanation does when it is accepted, and when the matcher may accept it by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from huikuan.core.matching import NEEDS_A_PERSON, Deed, Explanation, Rest
from huikuan.core.refusals import Conflict, Refusal
from huikuan.engines.match_bar import least_of
from huikuan.engines.match_types import BarReport
from huikuan.queries.bank_lines import MatchLine
from huikuan.services.books import Books, open_books
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.matching_engine import bar_of
from huikuan.services.matching_payers import waits_for_paper
from huikuan.services.matching_policy import Policy, policy_of
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import LineParked, MatchingRun, OpenItem, Shop


def choice_of(made: Explanation) -> Choice:
    """What accepting an explanation does."""
    common = {"rank": made.rank, "confidence": made.confidence, "back": made.back}
    if made.kind == "not_customer":
        return Choice(Deed.NOT_CUSTOMER, detail="other", **common)  # type: ignore[arg-type]
    if made.legs:
        rest = Rest.ON_ACCOUNT if made.kind == "on_account" else Rest.UNAPPLIED
        legs = tuple(replace(leg, open_minor=0) for leg in made.legs)
        return Choice(Deed.APPLY, legs=legs, rest=rest, **common)  # type: ignore[arg-type]
    return Choice(Deed.UNAPPLIED, account_id=made.account_id, **common)  # type: ignore[arg-type]


def post_automatically(
    entity_id: int,
    line: MatchLine,
    made: Explanation,
    policy: Policy,
    bar: float | None,
    run: MatchingRun,
    now: datetime,
) -> str:
    """Posts what is sure enough; gives why it was not, empty where it was. ``bar``: what the matcher needed."""
    why = _held_back(entity_id, line, made, policy)
    if why:
        return why
    try:
        decide_line(
            entity_id,
            line.line_id,
            choice_of(made),
            actor_id=None,
            now=now,
            run_id=run.pk,
            bar=bar,
            key=f"match:{line.line_id}:{run.pk}",
        )
    except Conflict:
        return "taken"
    except Refusal as refusal:
        return refusal.code
    return ""


def _held_back(entity_id: int, line: MatchLine, made: Explanation, policy: Policy) -> str:
    """What is never posted without a person, however sure the matcher is."""
    if not policy.is_automatic:
        return "off"
    if made.ambiguous or made.kind != "items" or not made.legs:
        return "ambiguous" if made.ambiguous else "kind"
    if made.unapplied_minor or any(leg.deduction_minor and leg.deduction_reason in NEEDS_A_PERSON for leg in made.legs):
        return "kind"
    accounts = {leg.account_id for leg in made.legs}
    if len(accounts) > 1:
        return "several_customers"
    if Shop.objects.filter(account_id__in=accounts, is_active=True).exists():
        return "shop"  # A platform's money is its shop's payout: the fee kept is no discount.
    if waits_for_paper(line, min(accounts), needs_paper=policy.needs_paper):
        return "third_party"
    items = OpenItem.objects.filter(id__in=[leg.item_id for leg in made.legs])
    if set(items.values_list("currency", flat=True)) != {line.currency}:
        return "currency"
    if LineParked.objects.filter(line_id=line.line_id).exists():
        return "parked"
    books: Books = run_in_transaction(lambda: open_books(entity_id))
    # The policy's sum is of the books' currency, the matcher compared it with the line's own figure.
    value = books.to_base(line.amount_minor, line.currency, line.value_date)
    if policy.amount_minor_max is not None and value > policy.amount_minor_max:
        return "amount"
    return "closed_period" if books.posting_day(line.value_date).posting_date != line.value_date else ""


def needed(bar: BarReport, made: Explanation) -> float | None:
    """The confidence from which an explanation posts itself, by its degree of doubt."""
    return None if made.back is None else least_of(bar, made.back)


def waits_for(entity_id: int, line: MatchLine, made: Explanation) -> str:
    """Why a line the matcher is sure enough about waits for a person; empty where it is not over the bar."""
    least = needed(bar_of(entity_id), made)
    if least is None or made.confidence < least:
        return ""
    return _held_back(entity_id, line, made, policy_of(entity_id))
