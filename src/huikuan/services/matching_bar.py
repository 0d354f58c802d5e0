"""The bar over which lines post themselves, moved by what people said of postings asked back."""

from __future__ import annotations

from huikuan.engines.match_bar import Outcome, update_bar
from huikuan.engines.match_types import BarReport
from huikuan.store.models import MatchAudit, MatchingModel


def move_bar(entity_id: int) -> BarReport | None:
    """The bar after everything audits said; kept. ``None`` where there is no bar yet."""
    row = MatchingModel.objects.select_for_update().filter(entity_id=entity_id).first()
    if row is None:
        return None
    said = MatchAudit.objects.filter(entity_id=entity_id, decision__at__gte=row.fitted_at).exclude(outcome="")
    rows = said.order_by("said_at", "pk").values_list("outcome", "decision__confidence", "decision__back")
    # A decision of before degrees were kept counts as one of none, which raises the bar the most.
    outcomes = [Outcome(float(sure or 0), outcome == "right", back=back or 0) for outcome, sure, back in rows]
    fitted = BarReport.from_json(row.model.get("fitted_bar", row.bar))
    moved = update_bar(fitted, outcomes)
    if "fitted_bar" not in row.model:
        row.model = {**row.model, "fitted_bar": row.bar}
    row.bar = moved.to_json()
    row.save(update_fields=["model", "bar"])
    return moved
