"""Settings → Webhooks: added, tested, changed, replayed, deleted; the log shows what came back, harmlessly."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import override_settings

from huikuan.services.deliveries import Answer, settle, take
from huikuan.store.models import WebhookDelivery, WebhookEndpoint
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("K2")
ADDRESS = "https://example.com/hook"


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


def add(name: str = "boss", **more: object) -> str:
    asked = {"url": ADDRESS, "entity_code": "CN01", "description": "Shop", **more}
    return signed_in(name).post("/settings/webhooks/", asked).content.decode()


def test_the_secret_is_shown_once(world: World) -> None:
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]{32}", add(type=["item.posted", "receipt.posted"]))
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.event_types == ["item.posted", "receipt.posted"]
    for address in ("/settings/webhooks/", f"/settings/webhooks/{endpoint.pk}/"):
        page = signed_in("boss").get(address).content.decode()
        assert ADDRESS in page and secret not in page
    renewed = signed_in("boss").post(f"/settings/webhooks/{endpoint.pk}/secret/").content.decode()
    (new,) = re.findall(r"whsec_[A-Za-z0-9+/=]{32}", renewed)
    assert new != secret


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "http://example.com/"}, "must start with https"),
        ({"url": "https://a:b@example.com/"}, "name or password"),
        ({"url": "nonsense"}, "address that can be called"),
        ({"type": ["item.eaten"]}, "not a type of event"),
    ],
)
def test_what_is_refused_is_said(world: World, given: dict[str, object], words: str) -> None:
    assert words in add(**given)
    assert not WebhookEndpoint.objects.exists()


def test_the_log_shows_every_try_and_events_are_sent_again(world: World) -> None:
    add()
    boss, number = signed_in("boss"), WebhookEndpoint.objects.get().pk
    place = f"/settings/webhooks/{number}/"
    assert "Nothing has been sent yet" in boss.get(place).content.decode()
    boss.post(f"{place}ping/")
    now = datetime.now(UTC)
    (parcel,) = take(now, 5)
    settle(parcel, Answer(500, 12, excerpt="<script>alert(1)</script>"), chance=0.5, now=now)
    page = boss.get(place).content.decode()
    assert "500" in page and "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "Nothing has got through since" in page
    WebhookDelivery.objects.update(state="given_up")
    delivery = WebhookDelivery.objects.get().pk
    assert boss.post(f"{place}replay/", {"delivery": delivery}).status_code == 302
    assert WebhookDelivery.objects.get().state == "pending"
    assert boss.post(f"{place}replay/", {"delivery": delivery}).status_code == 400
    assert boss.post(f"{place}replay/", {"since": ""}).status_code == 400
    WebhookDelivery.objects.update(state="delivered")
    assert boss.post(f"{place}replay/", {"since": "2026-01-01"}).status_code == 302
    assert WebhookDelivery.objects.get().state == "pending"
    assert ADDRESS in boss.get(f"{place}?state=delivered").content.decode()


def test_changed_switched_off_and_deleted(world: World) -> None:
    add()
    boss, number = signed_in("boss"), WebhookEndpoint.objects.get().pk
    place = f"/settings/webhooks/{number}/"
    boss.post(f"{place}change/", {"url": f"{ADDRESS}2", "type": ["import.published"], "description": "x"})
    found = WebhookEndpoint.objects.get()
    assert (found.url, found.event_types, found.is_active) == (f"{ADDRESS}2", ["import.published"], True)
    boss.post(f"{place}change/", {"active": "no"})
    assert not WebhookEndpoint.objects.get().is_active
    assert "Switch on" in boss.get(place).content.decode()
    boss.post(f"{place}change/", {"active": "yes"})
    assert WebhookEndpoint.objects.get().event_types == ["import.published"]
    assert boss.post(f"{place}change/", {"url": "http://x/"}).status_code == 400
    boss.post(f"{place}delete/")
    assert boss.get(place).status_code == 404


def test_only_who_manages_the_system_comes_in(world: World) -> None:
    add()
    number = WebhookEndpoint.objects.get().pk
    clerk = signed_in("clerk")
    assert clerk.get("/settings/webhooks/").status_code == 403
    for act in ("", "change/", "secret/", "ping/", "replay/", "delete/"):
        assert clerk.post(f"/settings/webhooks/{number}/{act}").status_code in (403, 405)
    with override_settings(ALLOW_HTTP_WEBHOOKS=True):
        assert signed_in("boss").post("/settings/webhooks/", {"url": ADDRESS, "entity_code": "XX"}).status_code == 404
