"""What an audit's answer does to the bar: it rises in the order in which it was proved."""

from __future__ import annotations

import pytest

from huikuan.core.matching import explanation_of
from huikuan.engines.match_types import BarReport
from huikuan.services.line_decisions import Choice
from huikuan.services.matching import run_matching
from huikuan.services.matching_audit import say_outcome
from huikuan.services.matching_policy import Policy, set_policy
from huikuan.services.matching_posting import choice_of, needed
from huikuan.store.models import LineDecision, MatchAudit, MatchingModel, MatchProposal
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, Counter
from tests.services.ledger import NOW

pytestmark = pytest.mark.practice("E3")
ALPHA = {"name": "Alpha Maschinenbau GmbH", "account": "DE02120300000000202051"}


def test_a_wrong_posting_raises_the_bar_by_how_doubtful_it_was(ledger_db: LedgerDb) -> None:
    desk = Counter.open()
    entity = desk.books.entity_id
    set_policy(entity, Policy(is_automatic=True, audit_bp=10_000), **SYSTEM)
    desk.books.item(100_00, document_number="INV-10021")
    desk.books.item(913_47, document_number="INV-10022")
    bare, named = desk.line("913.47", text="payment", **ALPHA), desk.line("100.00", text="INV-10021", **ALPHA)
    report = run_matching(entity, **SYSTEM)
    bar = BarReport(threshold=0.93, threshold_others=0.95, threshold_doubted=0.97, reason="")
    made = {line: explanation_of(MatchProposal.objects.get(line_id=line).explanations[0]) for line in (bare, named)}
    assert [(one.back, needed(bar, one)) for one in made.values()] == [(2, 0.97), (0, 0.93)]
    MatchingModel.objects.update(bar=bar.to_json(), fitted_at=NOW)
    wrong = _posted(desk, bare, choice_of(made[bare]), report.run_id)
    moved = say_outcome(entity, wrong.pk, right=False, **SYSTEM)
    sure = made[bare].confidence
    assert moved is not None and moved.threshold is not None and moved.threshold_doubted is not None
    assert moved.threshold_doubted > max(0.96, sure - 1e-8)
    assert moved.threshold < moved.threshold_doubted, "what the text names stands higher, told less sure"


def _posted(desk: Counter, line: int, choice: Choice, run_id: int) -> LineDecision:
    """An automatic posting, drawn for the audit."""
    made = LineDecision.objects.get(pk=desk.decide(line, choice, actor_id=None, run_id=run_id))
    assert made.back == choice.back
    MatchAudit.objects.create(decision=made, entity_id=desk.books.entity_id, drawn_at=NOW)
    return made
