"""People of ours who sign in: making them, and their passwords. Nobody signs up by himself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Grant, Right
from huikuan.services.auditing import record
from huikuan.services.people import add_grant, demand_over, locked_user
from huikuan.services.rights import Forbidden, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import User


def create_user(
    username: str,
    *,
    password: str | None,
    email: str = "",
    full_name: str = "",
    language: str = "",
    is_superuser: bool = False,
    grants: Sequence[Grant] = (),
    actor_id: int | None,
    now: datetime,
) -> int:
    """Makes a person who may sign in; gives the user's id. A superuser sees and does everything.

    ``grants``: the roles the person starts with. Without a password nobody can sign in as the user until one is set.
    Refuses ``user.exists``, ``user.email_taken``, ``user.bad_name``, ``user.bad_email``, ``user.weak_password``,
    ``right.missing`` and what ``people.grant`` refuses.
    """
    user = User(
        username=username,
        email=email,
        first_name=full_name,
        language=language,
        is_superuser=is_superuser,
        is_staff=is_superuser,
        date_joined=now,
    )
    _check(user)
    _put_password(user, password)

    def work() -> int:
        demand_anywhere(actor_id, Right.MANAGE_PEOPLE)
        if is_superuser and actor_id is not None and not User.objects.filter(id=actor_id, is_superuser=True).exists():
            raise Forbidden("people.superuser_only", "only a superuser may do this to a superuser")
        if User.objects.filter(username__iexact=username).exists():
            raise Refusal("user.exists", "there is a user {name} already", name=username)
        if email and User.objects.filter(email__iexact=email).exists():
            raise Refusal("user.email_taken", "another user has the address {email}", email=email)
        user.pk = None
        user.save(force_insert=True)
        record("user.add", now=now, actor_id=actor_id, subject=f"user:{user.id}", superuser=is_superuser)
        for grant in grants:
            add_grant(user, grant, actor_id=actor_id, now=now)
        return int(user.id)

    return run_in_transaction(work)


def set_password(username: str, password: str, *, actor_id: int | None, now: datetime) -> None:
    """Gives a user another password, which ends every session of the user's.

    Refuses ``user.unknown``, ``user.weak_password`` and ``right.missing``.
    """
    found = User.objects.filter(username__iexact=username).first()
    if found is None:
        raise Refusal("user.unknown", "there is no user {name}", name=username)
    _put_password(found, password)

    def work() -> None:
        if actor_id != found.id:
            demand_over(actor_id, found)
        User.objects.filter(id=found.id).update(password=found.password)
        record("user.password", now=now, actor_id=actor_id, subject=f"user:{found.id}")

    run_in_transaction(work)


def reset_second_factor(user_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes away a person's second factor and recovery codes, for one who has lost them; the person signs in with the
    password alone until a new one is set up.

    Refuses ``user.unknown``, ``user.no_second_factor``, ``people.self_second_factor`` and ``right.missing``.
    """

    def work() -> None:
        user = locked_user(user_id)
        demand_over(actor_id, user)
        if actor_id == user_id:
            raise Refusal("people.self_second_factor", "your own second factor is changed where you set it up")
        gone, _rows = Authenticator.objects.filter(user_id=user_id).delete()
        if not gone:
            raise Refusal("user.no_second_factor", "this person has no second factor")
        record("user.second_factor_reset", now=now, actor_id=actor_id, subject=f"user:{user_id}")

    run_in_transaction(work)


def _check(user: User) -> None:
    try:
        User.username_validator(user.username)
    except ValidationError:
        raise Refusal(
            "user.bad_name", "{name!r}: a user name has letters, digits and @ . + - _ only", name=user.username
        ) from None
    if user.email:
        try:
            validate_email(user.email)
        except ValidationError:
            raise Refusal("user.bad_email", "{email!r} is not an e-mail address", email=user.email) from None


def _put_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refusal("user.weak_password", "{reasons}", reasons=" ".join(error.messages)) from None
    user.set_password(password)
