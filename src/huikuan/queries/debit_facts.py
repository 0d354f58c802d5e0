"""What decides whether mandates may be used, read from the runs so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from huikuan.core.direct_debits import COUNTED, MandateFacts, PaymentState, SequenceType, Use
from huikuan.store.models import DebitMandate, DebitPayment

_STANDING = (PaymentState.PLANNED, PaymentState.SENT, PaymentState.COLLECTED)
_PART = 500


def facts_of(mandates: Iterable[DebitMandate]) -> dict[int, MandateFacts]:
    """What decides whether each of these mandates may be used, from the runs so far."""
    rows = {mandate.pk: mandate for mandate in mandates}
    used: dict[int, list[tuple[date, str, str]]] = {}
    numbers = sorted(rows)
    for start in range(0, len(numbers), _PART):
        found = DebitPayment.objects.filter(mandate_id__in=numbers[start : start + _PART], state__in=COUNTED)
        for number, day, sequence, state in found.values_list("mandate_id", "run__due_on", "sequence", "state"):
            used.setdefault(number, []).append((day, sequence, state))
    return {number: _facts(row, used.get(number, [])) for number, row in rows.items()}


def _facts(row: DebitMandate, used: Sequence[tuple[date, str, str]]) -> MandateFacts:
    # What came back may be asked for again, also of a mandate that was for one collection.
    standing = [one for one in used if one[2] in _STANDING]
    return MandateFacts(
        use=Use(row.use),
        signed_on=row.signed_on,
        last_used_on=max((one[0] for one in used if one[2] != PaymentState.PLANNED), default=None),
        uses=len(standing) if row.use == Use.ONE_OFF else len(used),
        is_ended=any(one[1] == SequenceType.FNAL for one in standing),
        is_blocked=row.blocked_at is not None,
        is_revoked=row.revoked_on is not None,
    )
