"""Keys by which programs come in, each with a person's rights or fewer."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import User


class ApiKey(models.Model):
    """A key acts as ``user``. ``prefix`` finds it; of the secret only the hash is kept. ``scopes``: codes of rights,
    of which the user's own count at each request; ``entity_ids``: narrowed to these, ``None`` for all of the user's."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    entity_ids = models.JSONField(null=True, default=None)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class ApiKeyUse(models.Model):
    """Requests of a key in a minute (counted since 1970) that server processes have taken to serve."""

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="use")
    minute = models.BigIntegerField()
    taken = models.IntegerField()
