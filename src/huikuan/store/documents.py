"""Documents kept as evidence, and what they are linked to. The bytes lie in files (``store.files``)."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Entity, User


class Document(models.Model):
    """One document. Never deleted: withdrawn with a reason. ``sha256`` names its bytes, which others may share."""

    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    evidence_type = models.CharField(max_length=20)
    dated = models.DateField(null=True)
    note = models.CharField(max_length=500, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_reason = models.CharField(max_length=300, blank=True)


class DocumentLink(models.Model):
    """``object_id`` is the number of a customer account, an item, a receipt or an entry, as ``kind`` says."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="links")
    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "kind", "object_id"], name="document_link_once")]
        indexes = [models.Index(fields=["kind", "object_id"], name="document_link_object")]
