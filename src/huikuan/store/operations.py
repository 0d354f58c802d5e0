"""Work done without anybody asking: jobs with their lease, the log of their runs, watched folders, reports."""

from __future__ import annotations

from django.db import models

from huikuan.store.imports import ImportBatch
from huikuan.store.parties import Entity, User


class ScheduledJob(models.Model):
    """Where one job stands. Whoever holds the lease runs it; a lease nobody renews runs out, and another may."""

    name = models.CharField(max_length=40, primary_key=True)
    is_paused = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, help_text="when it is tried next; none: as soon as possible")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    last_success_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    lease_holder = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)


class ScheduledRun(models.Model):
    """One run of a job, for people to read: what it did, or why it failed, without personal data."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        LOST = "lost"

    job = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    line = models.TextField(blank=True)
    error = models.TextField(blank=True)
    host = models.CharField(max_length=80)
    pid = models.IntegerField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["job", "-id"], name="run_by_job")]


class WatchedFolder(models.Model):
    """A folder whose files are imported as they come. ``folder`` lies below the site's folder of watched folders."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    folder = models.CharField(max_length=500, unique=True)
    kind = models.CharField(max_length=20)
    feed = models.CharField(max_length=12)
    profile = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class WatchedFile(models.Model):
    """What became of one file that was found in a watched folder."""

    class State(models.TextChoices):
        IMPORTED = "imported"
        REFUSED = "refused"
        KNOWN = "known"

    watched = models.ForeignKey(WatchedFolder, on_delete=models.CASCADE, related_name="files")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices)
    line = models.TextField(blank=True)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class ReportSchedule(models.Model):
    """A report written to a folder each day, week or month, as of the last day of the period before."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    report = models.CharField(max_length=20)
    every = models.CharField(max_length=8)
    folder = models.CharField(max_length=500)
    is_active = models.BooleanField(default=True)
    last_as_of = models.DateField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "report", "every", "folder"], name="report_once")]
