"""Saved views of tables: a name for filters, columns, order and size."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import User


class TableView(models.Model):
    """A named way to look at a table. ``asked`` holds the address's parameters; ``is_shared``: everybody sees it."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="table_views")
    table = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    asked = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "table", "name"], name="table_view_once")]


class UsualView(models.Model):
    """The view a person's table opens with, one's own or a shared one."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=40)
    view = models.ForeignKey(TableView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "table"], name="usual_view_once")]
