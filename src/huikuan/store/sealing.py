"""The seal: a gapless sequence and a hash chain over committed entries, and the manifest of Parquet segments."""

from __future__ import annotations

from django.db import models

from huikuan.store.ledger import JournalEntry


class Seal(models.Model):
    """Entry ``entry`` is number ``ledger_seq``; ``hash`` covers it and all before it. Written by the sealer alone."""

    ledger_seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="seal")
    hash = models.BinaryField()


class SealRun(models.Model):
    """One run of the sealer: everything up to ``last_seq`` was known at ``sealed_at``. Both only ever grow."""

    last_seq = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField(db_index=True)
    head_hash = models.BinaryField()


class SealHead(models.Model):
    """The one row the sealer locks: where the chain stands. ``horizon`` lets it find new entries without a scan."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.CharField(max_length=32)
    last_seq = models.BigIntegerField(default=0)
    last_hash = models.BinaryField()
    last_sealed_at = models.DateTimeField(null=True)
    horizon = models.BigIntegerField(default=0)
    mirrored_seq = models.BigIntegerField(default=0, help_text="segments cover the chain up to here")


class Segment(models.Model):
    """An immutable Parquet file of the mirror. It exists, for readers, from the moment this row is committed."""

    kind = models.CharField(max_length=12)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    rows = models.BigIntegerField()
    file_name = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "first_seq"], name="segment_order")]
