"""How bank lines are matched: policy, proposals, what was decided about each line, what was learned from it.

``LineDecision`` is the log: rows are added and never changed. Everything else can be worked out or set anew.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.core.matching import Deed
from huikuan.store.bank import BankLine
from huikuan.store.ledger import Receipt
from huikuan.store.parties import Entity, User


class MatchingPolicy(models.Model):
    """What the matcher may do in an entity. ``error_ppm``: wrong automatic postings allowed in a million.
    ``amount_minor_max``: larger lines never post themselves (base currency). ``charge_minor_max`` and
    ``charge_bp_max``: what a bank may keep of a payment, in money and in hundredths of a percent of it, to be written
    off by policy. ``needs_paper``: money of somebody who is not the customer waits for a paper of theirs."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="matching_policy")
    is_automatic = models.BooleanField(default=False)
    error_ppm = models.PositiveIntegerField(default=1_000)
    amount_minor_max = models.BigIntegerField(null=True)
    audit_bp = models.PositiveIntegerField(default=200, help_text="share of automatic postings asked back")
    charge_minor_max = models.BigIntegerField(default=0)
    charge_bp_max = models.PositiveIntegerField(default=100)
    needs_paper = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class MatchingModel(models.Model):
    """What the matcher of an entity works with: calibration and bar as it fitted them to the past. ``decisions``: up to
    which decision it was fitted."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="matching_model")
    model = models.JSONField()
    bar = models.JSONField()
    lines = models.PositiveIntegerField()
    fitted_at = models.DateTimeField()


class MatchingRun(models.Model):
    """One time the matcher went over the open lines of an entity, and what came of them."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lines = models.PositiveIntegerField(default=0)
    posted = models.PositiveIntegerField(default=0)
    proposed = models.PositiveIntegerField(default=0)
    unexplained = models.PositiveIntegerField(default=0)
    held_back = models.JSONField(default=dict, help_text="why lines above the bar were not posted: code → count")


class MatchProposal(models.Model):
    """The explanations of an open line, the likeliest first, as ``core.matching.Explanation`` writes them. Worked out
    anew whenever ``is_stale``. ``confidence``, ``ambiguous`` and ``account_id`` are the first explanation's."""

    line = models.OneToOneField(BankLine, on_delete=models.CASCADE, primary_key=True, related_name="proposal")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(MatchingRun, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    decision = models.CharField(max_length=8)
    kind = models.CharField(max_length=16, blank=True)
    confidence = models.DecimalField(max_digits=9, decimal_places=8)
    ambiguous = models.PositiveIntegerField(default=0)
    account_id = models.BigIntegerField(null=True)
    explanations = models.JSONField()
    worked_out_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["entity", "account_id"], name="match_proposal_account")]


class LineDecision(models.Model):
    """What was decided about a line: by a person, or by the matcher (no ``actor``, ``is_automatic``). An undo is a row
    that names what it takes back. ``legs``: what was applied; ``entries``: the journal entries it made;
    ``proposed``: the explanation that stood first, where another was taken; ``bar``: what the matcher needed;
    ``back``: the degree of doubt of the explanation taken.

    ``leaves_minor``: money of the line still to be decided about.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    deed = models.CharField(max_length=16)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)
    is_automatic = models.BooleanField(default=False)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    account_id = models.BigIntegerField(null=True)
    rank = models.PositiveSmallIntegerField(null=True)
    confidence = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    bar = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    back = models.PositiveSmallIntegerField(null=True)
    run = models.ForeignKey(
        MatchingRun, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    applied_minor = models.BigIntegerField(default=0)
    leaves_minor = models.BigIntegerField(default=0)
    legs = models.JSONField(default=list)
    entries = models.JSONField(default=list)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(deed__in=[deed.value for deed in Deed]), name="line_decision_known"),
            models.CheckConstraint(
                condition=Q(deed=Deed.UNDO.value, undoes__isnull=False) | (~Q(deed=Deed.UNDO.value) & Q(undoes=None)),
                name="line_decision_undo_names",
            ),
        ]
        indexes = [
            models.Index(fields=["line", "id"], name="line_decision_line"),
            models.Index(fields=["entity", "at"], name="line_decision_day"),
        ]


class LineClaim(models.Model):
    """Who has a line before them, until when: two clerks on one statement do not work on the same line."""

    line = models.OneToOneField(BankLine, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()


class LineParked(models.Model):
    """A line put aside, with why."""

    line = models.OneToOneField(BankLine, on_delete=models.CASCADE, primary_key=True, related_name="parked")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class LineQuestion(models.Model):
    """A colleague asked about a line. ``closed_at``: answered, or no longer of interest."""

    line = models.ForeignKey(BankLine, on_delete=models.CASCADE, related_name="questions")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    question = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked = models.ForeignKey(User, on_delete=models.PROTECT, related_name="line_questions")
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked", "id"], name="line_question_open", condition=Q(closed_at__isnull=True))]


class LinePart(models.Model):
    """A receipt that is part of a line's money: a line that paid for several customers became one receipt for each. The
    first part is the line's receipt (``BankLineReceipt``)."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, primary_key=True, related_name="line_part")
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="parts")
    decision = models.ForeignKey(LineDecision, on_delete=models.PROTECT, related_name="parts", db_index=False)


class MatchLearned(models.Model):
    """One thing the matcher learned in an entity, as the engine keeps it (``kind``, ``key``, ``customer``, ``detail``).
    ``customer`` is the customer account's number, empty for money that is no customer's. ``others``: of a word, the
    lines that were no customer's. Forgotten rows stay, with who forgot them, and count from nought."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=400)
    customer = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=120, blank=True)
    count = models.BigIntegerField(default=0)
    others = models.BigIntegerField(default=0)
    learned_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)
    forgotten_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "key", "customer", "detail"], name="match_learned_once")
        ]


class MatchAudit(models.Model):
    """An automatic posting drawn to be asked back. ``outcome``: empty while nobody has said."""

    decision = models.OneToOneField(LineDecision, on_delete=models.PROTECT, primary_key=True, related_name="audit")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, blank=True, choices=[("right", "right"), ("wrong", "wrong")])
    said_at = models.DateTimeField(null=True)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
