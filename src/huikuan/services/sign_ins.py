"""Comings and goings in the audit trail: who signed in and how, who left, what failed."""

from __future__ import annotations

from datetime import datetime

from huikuan.services.auditing import record
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import User


def record_sign_in(user_id: int, *, method: str, now: datetime) -> None:
    """``method``: password, or the name of the provider that vouched for the person."""
    run_in_transaction(
        lambda: record("user.signed_in", now=now, actor_id=user_id, subject=f"user:{user_id}", method=method)
    )


def record_sign_out(user_id: int, *, now: datetime) -> None:
    run_in_transaction(lambda: record("user.signed_out", now=now, actor_id=user_id, subject=f"user:{user_id}"))


def record_failed_sign_in(login: str, *, now: datetime) -> None:
    """A wrong password. What was typed is not kept: people type passwords into the wrong field."""
    user = User.objects.filter(username__iexact=login).first() or User.objects.filter(email__iexact=login).first()
    subject = f"user:{user.pk}" if user else ""
    run_in_transaction(lambda: record("user.sign_in_failed", now=now, actor_id=None, subject=subject))
