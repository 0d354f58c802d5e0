"""Settings → API keys: shown once, narrowed, revoked."""

from __future__ import annotations

import re

import pytest

from huikuan.store.models import ApiKey
from tests.api.calling import Program
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in, visitor

pytestmark = pytest.mark.practice("K2")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


def test_a_key_is_made_shown_once_used_and_revoked(world: World) -> None:
    boss = signed_in("boss")
    asked = {"name": "ERP bridge", "scope": ["ledger.see"], "days": "90", "entity_code": ["DE01"]}
    page = boss.post("/settings/api-keys/", asked)
    (text,) = re.findall(r"hk_[0-9a-z]{10}_[0-9A-Za-z]{40}", page.content.decode())
    assert "no-store" in page["Cache-Control"]
    assert [row["code"] for row in Program(text).json("entities")["rows"]] == ["DE01"]
    again = boss.get("/settings/api-keys/").content.decode()
    assert "ERP bridge" in again and text not in again
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    assert boss.post(f"/settings/api-keys/{key.pk}/revoke/").status_code == 302
    assert Program(text).get("entities").status_code == 401
    assert "revoked" in boss.get("/settings/api-keys/").content.decode()


def test_what_is_missing_is_said_and_nothing_is_lost(world: World) -> None:
    boss = signed_in("boss", "zh-hans")
    page = boss.post("/settings/api-keys/", {"name": "Bridge"})
    assert page.status_code == 400
    assert "请至少选择一项权限" in page.content.decode() and 'value="Bridge"' in page.content.decode()


def test_everybody_sees_own_keys_and_makes_none_with_more_than_own_rights(world: World) -> None:
    signed_in("boss").post("/settings/api-keys/", {"name": "Of the boss", "scope": ["ledger.see"]})
    auditor = signed_in("auditor")
    page = auditor.get("/settings/api-keys/").content.decode()
    assert "Of the boss" not in page and 'value="cash.post"' not in page and 'value="audit.see"' in page
    foreign = ApiKey.objects.get().pk
    assert auditor.post(f"/settings/api-keys/{foreign}/revoke/").status_code == 403
    made = auditor.post("/settings/api-keys/", {"name": "x", "scope": ["cash.post", "ledger.see"]}).content.decode()
    (text,) = re.findall(r"hk_[0-9a-z]{10}_[0-9A-Za-z]{40}", made)
    assert "cash.post" not in Program(text).json("entities")["rows"][0]["rights"]


def test_the_reference_is_for_people_who_have_signed_in(world: World) -> None:
    page = signed_in("auditor").get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/receipts/{receipt_id}/apply" in text and "Idempotency-Key" in text
    assert visitor().get("/api/v1/docs").status_code == 302
