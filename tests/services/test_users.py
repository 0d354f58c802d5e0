"""People who may sign in: making them, passwords, what they may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate

from huikuan.core.refusals import Refusal
from huikuan.services.customers import add_entity
from huikuan.services.users import create_user, set_memberships, set_password
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
        "anna", password=PASSWORD, email="anna@example.com", full_name="Anna 安", memberships={entity_id: True}, **WHO
    )
    user = User.objects.get(id=user_id)
    assert authenticate(None, username="anna", password=PASSWORD) == user
    assert authenticate(None, email="anna@example.com", password=PASSWORD) == user
    assert authenticate(None, username="anna", password="wrong") is None
    assert (user.is_superuser, user.is_staff, user.first_name, user.date_joined) == (False, False, "Anna 安", NOW)
    assert list(user.entitymembership_set.values_list("entity_id", "can_post")) == [(entity_id, True)]
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


def test_entities_a_person_may_see(sqlite_db: databases.LedgerDb) -> None:
    for code in ("E1", "E2"):
        add_entity(code, code, "EUR", **WHO)
    create_user("anna", password=None, **WHO)
    user = User.objects.get(username="anna")
    set_memberships("anna", {"E1": True, "E2": False}, **WHO)
    assert set(user.entitymembership_set.values_list("entity__code", "can_post")) == {("E1", True), ("E2", False)}
    set_memberships("anna", {"E2": True}, **WHO)
    assert set(user.entitymembership_set.values_list("entity__code", "can_post")) == {("E2", True)}
    for name, code, refused_as in (("nobody", "E1", "user.unknown"), ("anna", "E9", "entity.unknown")):
        with pytest.raises(Refusal) as refused:
            set_memberships(name, {code: True}, **WHO)
        assert refused.value.code == refused_as
    assert user.entitymembership_set.count() == 1


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
    assert refusal_of("bob", memberships={99: True}) == ("entity.unknown", "there is no entity 99")
    code, message = refusal_of("bob", password="short")
    assert code == "user.weak_password"
    assert "at least 10 characters" in message
    assert User.objects.count() == 1
