"""Files on their way in: batches, and settlements a source reported that wait for the money that explains them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.store.ledger import JournalEntry, OpenItem
from huikuan.store.parties import Entity, Source, User


class ImportBatch(models.Model):
    """One file handed in: staged (checked, nothing written), published, or discarded. A large one is checked and posted
    in the background: ``checking`` and ``queued`` until the worker has done it; ``failure`` says why it has not."""

    class State(models.TextChoices):
        CHECKING = "checking"
        STAGED = "staged"
        QUEUED = "queued"
        PUBLISHING = "publishing"
        PUBLISHED = "published"
        DISCARDED = "discarded"

    kind = models.CharField(max_length=20)
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True, help_text="for rows without their own")
    feed = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=State.choices, default=State.STAGED)
    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=255, help_text="staged files, below the data folder")
    options = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    task_id = models.UUIDField(null=True, help_text="the background task that works on it, or did last")
    failure = models.JSONField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class SourceSettlement(models.Model):
    """An item vanished from a snapshot, or came back smaller: proposed, then posted or rejected by a person, then met
    by the bank receipt that explains it, so that cash is never counted twice. ``amount_minor`` has the item's sign."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        POSTED = "posted"
        REJECTED = "rejected"
        MET = "met"

    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="source_settlements")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="settlements")
    amount_minor = models.BigIntegerField()
    met_minor = models.BigIntegerField(default=0)
    settled_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(state="proposed"), name="settlement_proposed_once")
        ]
