"""What people of ours may do, where and for whose customers; the teams they work in."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Entity, User


class RoleGrant(models.Model):
    """A role a person holds in one entity. ``reach``: own, team or all customers."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20)
    reach = models.CharField(max_length=4, default="all")
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "entity", "role"], name="grant_once")]


class Team(models.Model):
    """People who share customers. Its manager's reach "team" covers what its members own or collect."""

    name = models.CharField(max_length=120, unique=True)
    manager = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="teams_managed")
    members = models.ManyToManyField(User, related_name="teams")
