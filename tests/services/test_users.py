"""People who may sign in: making them, passwords, what they may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Grant, Role
from huikuan.services.customers import add_entity
from huikuan.services.users import create_user, set_password
from huikuan.store.models import AuditEvent, User
from tests import databases

pytestmark = pytest.mark.practice("K1")

NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)
WHO: dict[str, Any] = {"actor_id": None, "now": NOW}
PASSWORD = "correct horse battery"


def refusal_of(name: str, **values: Any) -> tuple[str, str]:
    with pytest.raises(Refusal) as refused:
        create_user(name, **{"password": PASSWORD, **WHO, **values})
    return refused.value.code, refused.value.message


def test_a_person_signs_in_by_name_or_address(ledger_db: databases.LedgerDb) -> None:
    entity_id = add_entity("E1", "One", "EUR", **WHO)
    user_id = create_user(
        "anna",
        password=PASSWORD,
        email="anna@example.com",
        full_name="Anna 安",
        grants=[Grant(entity_id, Role.AR_CLERK)],
        **WHO,
    )
    user = User.objects.get(id=user_id)
    assert authenticate(None, username="anna", password=PASSWORD) == user
    assert authenticate(None, email="anna@example.com", password=PASSWORD) == user
    assert authenticate(None, username="anna", password="wrong") is None
    assert (user.is_superuser, user.is_staff, user.first_name, user.date_joined) == (False, False, "Anna 安", NOW)
    assert list(user.grants.values_list("entity_id", "role", "reach")) == [(entity_id, "ar_clerk", "all")]
    event = AuditEvent.objects.get(code="user.add")
    assert (event.subject, event.data, event.at) == (f"user:{user_id}", {"superuser": False}, NOW)


def test_a_superuser_and_one_who_cannot_sign_in_yet(sqlite_db: databases.LedgerDb) -> None:
    chief = User.objects.get(id=create_user("chief", password=PASSWORD, is_superuser=True, **WHO))
    assert (chief.is_superuser, chief.is_staff) == (True, True)
    later = User.objects.get(id=create_user("later", password=None, **WHO))
    assert not later.has_usable_password()


def test_another_password(sqlite_db: databases.LedgerDb) -> None:
    create_user("anna", password=PASSWORD, **WHO)
    before = User.objects.get(username="anna").get_session_auth_hash()
    set_password("anna", "quite another one", **WHO)
    user = User.objects.get(username="anna")
    assert user.check_password("quite another one")
    assert user.get_session_auth_hash() != before, "open sessions end"
    for name, password, code in (("nobody", "quite another one", "user.unknown"), ("anna", "1", "user.weak_password")):
        with pytest.raises(Refusal) as refused:
            set_password(name, password, **WHO)
        assert refused.value.code == code
    assert User.objects.get(username="anna").check_password("quite another one")


def test_refusals(sqlite_db: databases.LedgerDb) -> None:
    create_user("anna", password=None, email="anna@example.com", **WHO)
    assert refusal_of("ANNA") == ("user.exists", "there is a user ANNA already")
    assert refusal_of("bob", email="Anna@Example.com") == (
        "user.email_taken",
        "another user has the address Anna@Example.com",
    )
    assert refusal_of("two words") == (
        "user.bad_name",
        "'two words': a user name has letters, digits and @ . + - _ only",
    )
    assert refusal_of("bob", email="nowhere") == ("user.bad_email", "'nowhere' is not an e-mail address")
    assert refusal_of("bob", grants=[Grant(99, Role.AUDITOR)]) == ("entity.unknown", "there is no entity 99")
    code, message = refusal_of("bob", password="short")
    assert code == "user.weak_password"
    assert "at least 10 characters" in message
    assert User.objects.count() == 1
