"""Which proposals a change makes out of date: those of the same customers, payer or items."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from huikuan.store.models import BankLineText, MatchProposal


def mark_stale(entity_id: int, line_id: int, accounts: Iterable[int], *, itself: bool = False) -> None:
    """Called when a line was decided about: what is open of these customers changed, and something was learned about
    its payer. ``itself``: the line is open again."""
    touched = Q(account_id__in=list(accounts))
    text = BankLineText.objects.filter(line_id=line_id).first()
    if text is not None:
        if text.payer_account:
            touched |= Q(line__text__payer_account=text.payer_account)
        if text.payer_name:
            touched |= Q(line__text__payer_name=text.payer_name)
    if itself:
        touched |= Q(line_id=line_id)
    # Two steps: a join in an update locks more than it has to.
    found = MatchProposal.objects.filter(touched, entity_id=entity_id, is_stale=False)
    if not itself:
        found = found.exclude(line_id=line_id)
    numbers = list(found.values_list("line_id", flat=True))
    if numbers:
        MatchProposal.objects.filter(line_id__in=numbers).update(is_stale=True)


def mark_line_stale(line_id: int) -> None:
    """What is known of the line itself changed: a remittance advice came to it, or was taken away."""
    MatchProposal.objects.filter(line_id=line_id, is_stale=False).update(is_stale=True)
