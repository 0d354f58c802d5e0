"""Webhooks from the posting to the endpoint: a real receiver, real signatures, two workers, failures, replays."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from huikuan.core import webhooks
from huikuan.core.periods import PeriodState
from huikuan.delivery.webhooks import drain, try_once
from huikuan.services import deliveries
from huikuan.services.deliveries import Answer, Parcel, settle, take
from huikuan.services.transaction import run_in_transaction
from huikuan.services.webhooks import (
    KEPT,
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    ping_endpoint,
    prune,
    renew_secret,
    replay_delivery,
    replay_since,
)
from huikuan.store.models import (
    Installation,
    OutboxEvent,
    User,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

pytestmark = pytest.mark.practice("K2")
COMMON: dict[str, Any] = {"actor_id": None, "now": NOW}


@dataclass
class Receiver:
    """An endpoint that notes what it is told and answers with ``status``."""

    status: int = 200
    body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def types(self) -> list[str]:
        return sorted(json.loads(body)["type"] for _, body in self.told)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.told.append(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(state.status)
            for name, text in state.headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with override_settings(ALLOW_HTTP_WEBHOOKS=True, ALLOW_PRIVATE_WEBHOOKS=True):
        yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def ledger(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    # What is to be tried again in five seconds would be due again while a busy machine is still at the test.
    monkeypatch.setattr(webhooks, "FIRST_WAIT", timedelta(hours=1))
    return Ledger()


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As docs/api.md tells receivers to check it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split())


def test_nothing_is_written_where_nobody_listens(ledger: Ledger) -> None:
    ledger.item(100)
    assert not OutboxEvent.objects.exists()


def test_everything_posted_is_told_signed(ledger: Ledger, receiver: Receiver) -> None:
    _, secret = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    item, money = ledger.item(100, external_id="I-1"), ledger.receipt(70)
    entry = ledger.apply(money, (item, 70))
    ledger.reverse(entry)
    ledger.park(money, 20)
    ledger.customer("C2")
    ledger.set_period(date(2026, 3, 1), PeriodState.SOFT_CLOSED)
    assert drain() == {"delivered": 7}
    assert receiver.types == [
        "application.posted",
        "customer.changed",
        "entry.posted",
        "entry.reversed",
        "item.posted",
        "period.changed",
        "receipt.posted",
    ]
    assert all(is_signed(secret, *told) for told in receiver.told)
    assert not any(is_signed("whsec_" + "A" * 32, *told) for told in receiver.told)
    told = {json.loads(body)["type"]: json.loads(body)["data"] for _, body in receiver.told}
    assert told["item.posted"] | {"id": "", "entry": ""} == {
        "id": "",
        "entry": "",
        "entity": "E1",
        "external_id": "I-1",
        "kind": "invoice",
        "version": 1,
        "amount": "1.00",
        "currency": "CNY",
        "posting_date": "2026-03-10",
    }
    assert told["application.posted"]["items"] == [told["item.posted"]["id"]]
    assert told["entry.reversed"]["reverses"] == told["application.posted"]["id"]
    assert told["period.changed"] == {"entity": "E1", "period": "2026-03", "state": "soft_closed"}
    assert "Customer" not in json.dumps(told)
    assert drain() == {}


def test_a_change_that_is_undone_is_not_told(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)

    def work() -> None:
        ledger.item(100)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_in_transaction(work)
    assert not OutboxEvent.objects.exists()


def test_only_what_is_wanted_and_only_of_that_entity(ledger: Ledger, receiver: Receiver) -> None:
    other = Ledger(code="E2")
    add_endpoint(ledger.entity_id, receiver.url, ["receipt.posted"], **COMMON)
    ledger.item(100)
    other.receipt(50)
    ledger.receipt(50)
    drain()
    assert receiver.types == ["receipt.posted"]


def test_two_workers_send_each_event_once(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    for _ in range(12):
        ledger.item(100)
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        drain()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    ids = [headers["webhook-id"] for headers, _ in receiver.told]
    assert len(ids) == len(set(ids)) == 12
    assert WebhookAttempt.objects.count() == 12


def test_a_failure_is_tried_again_later_with_the_same_id_and_body(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    receiver.status, receiver.body = 503, b"later <b>please</b>\x00"
    ledger.item(100)
    began = datetime.now(UTC)
    assert drain() == {"pending": 1}
    row, ended = WebhookDelivery.objects.get(), datetime.now(UTC)
    assert row.tries == 1 and began + timedelta(minutes=47) < row.next_at < ended + timedelta(minutes=73)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, attempt.excerpt) == (503, "later <b>please</b> ")
    assert WebhookEndpoint.objects.get().failing_since is not None
    assert drain() == {}
    WebhookDelivery.objects.update(next_at=NOW)
    receiver.status = 200
    assert drain() == {"delivered": 1}
    assert receiver.told[0][1] == receiver.told[1][1]
    assert receiver.told[0][0]["webhook-id"] == receiver.told[1][0]["webhook-id"]
    assert WebhookEndpoint.objects.get().failing_since is None


def test_who_says_gone_or_fails_for_days_is_switched_off(ledger: Ledger, receiver: Receiver) -> None:
    number, _ = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    receiver.status = 410
    ledger.item(100)
    assert drain() == {"given_up": 1}
    endpoint = WebhookEndpoint.objects.get()
    assert not endpoint.is_active and endpoint.disabled_reason == "gone"
    ledger.item(100)
    assert OutboxEvent.objects.count() == 1
    with refused("webhook.paused"):
        ping_endpoint(number, **COMMON)
    again = {"url": receiver.url, "event_types": [], "description": "", "is_active": True}
    change_endpoint(number, **again, **COMMON)
    WebhookEndpoint.objects.update(failing_since=datetime.now(UTC) - timedelta(days=6))
    receiver.status = 500
    ledger.item(100)
    drain()
    assert WebhookEndpoint.objects.get().disabled_reason == "failing"


def test_redirects_are_not_followed(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    ledger.item(100)
    assert drain() == {"pending": 1}
    assert len(receiver.told) == 1


def test_addresses_on_the_inside_are_not_called(ledger: Ledger, receiver: Receiver) -> None:
    with override_settings(ALLOW_PRIVATE_WEBHOOKS=False):
        add_endpoint(ledger.entity_id, receiver.url, **COMMON)
        add_endpoint(ledger.entity_id, receiver.url.replace("127.0.0.1", "localhost"), **COMMON)
        ledger.item(100)
        assert drain() == {"pending": 2}
    assert not receiver.told
    assert "not on the open internet" in WebhookAttempt.objects.first().error
    with override_settings(ALLOW_HTTP_WEBHOOKS=False), refused("webhook.not_https"):
        add_endpoint(ledger.entity_id, receiver.url, **COMMON)


def test_whatever_goes_wrong_is_written_down(receiver: Receiver, sqlite_db: LedgerDb) -> None:
    def answer(url: str) -> Answer:
        return try_once(Parcel(1, "", url, "msg_1", b"{}", ("whsec_AAAA",)), NOW)

    closed = answer("http://127.0.0.1:1/")
    assert closed.status is None and "refused" in closed.error.lower()
    assert "TLS" in answer(receiver.url.replace("http:", "https:")).error
    assert answer("http://no-such-host.invalid/").error
    assert answer(receiver.url).status == 200


def test_a_dead_workers_parcel_is_taken_after_its_lease(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    ledger.item(100)
    (first,) = take(NOW, 10)
    assert take(NOW + timedelta(seconds=30), 10) == []
    (second,) = take(NOW + timedelta(minutes=3), 10)
    settle(first, Answer(500, 1), chance=0.5, now=NOW + timedelta(minutes=3))
    assert WebhookDelivery.objects.get().tries == 0
    assert settle(second, Answer(200, 1), chance=0.5, now=NOW + timedelta(minutes=3)) == "delivered"
    assert WebhookAttempt.objects.count() == 2


def test_replay_one_or_all_since(ledger: Ledger, receiver: Receiver) -> None:
    number, _ = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    ledger.item(100)
    ledger.item(200)
    drain()
    delivery = WebhookDelivery.objects.earliest("id")
    replay_delivery(delivery.pk, **COMMON)
    with refused("webhook.under_way"):
        replay_delivery(delivery.pk, **COMMON)
    assert drain() == {"delivered": 1}
    assert replay_since(number, NOW - timedelta(hours=1), **COMMON) == 2
    assert replay_since(number, NOW + timedelta(hours=1), **COMMON) == 0
    drain()
    assert len(receiver.told) == 5 and len({headers["webhook-id"] for headers, _ in receiver.told}) == 2
    with refused("webhook.unknown_delivery"):
        replay_delivery(999, **COMMON)


def test_a_renewed_secret_signs_beside_the_former_one(ledger: Ledger, receiver: Receiver) -> None:
    number, old = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    new = renew_secret(number, actor_id=None, now=datetime.now(UTC))
    assert old not in str(WebhookEndpoint.objects.values().get())
    ping_endpoint(number, **COMMON)
    drain()
    assert receiver.types == ["ping"]
    assert is_signed(old, *receiver.told[0]) and is_signed(new, *receiver.told[0])
    WebhookEndpoint.objects.update(former_until=NOW)
    ping_endpoint(number, **COMMON)
    drain()
    assert not is_signed(old, *receiver.told[1]) and is_signed(new, *receiver.told[1])


def test_a_restored_copy_sends_nothing(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    ledger.item(100)
    held = Installation.objects.create(name="outbox_held", value=NOW.isoformat())
    assert drain() == {} and take(datetime.now(UTC), 10) == []
    held.delete()
    assert drain() == {"delivered": 1}


def test_another_installation_key_makes_the_secret_unreadable(ledger: Ledger, receiver: Receiver) -> None:
    add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    ledger.item(100)
    with override_settings(SECRET_KEY="another"):
        assert drain() == {}
    assert WebhookEndpoint.objects.get().disabled_reason == "secret"


def test_old_events_are_pruned_with_their_log(ledger: Ledger, receiver: Receiver) -> None:
    number, _ = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    ledger.item(100)
    assert prune(NOW + KEPT + timedelta(days=1)) == 0
    drain()
    assert prune(NOW + KEPT - timedelta(days=1)) == 0
    assert prune(NOW + KEPT + timedelta(days=1)) == 1
    assert not WebhookAttempt.objects.exists()
    delete_endpoint(number, **COMMON)
    with refused("webhook.unknown"):
        ping_endpoint(number, **COMMON)
    ledger.item(100)
    assert not OutboxEvent.objects.exists()


def test_only_who_manages_the_system_may(ledger: Ledger, receiver: Receiver) -> None:
    person = User.objects.create_user("nobody", "n@example.com", "correct horse 12")
    mine: dict[str, Any] = {"actor_id": person.pk, "now": NOW}
    number, _ = add_endpoint(ledger.entity_id, receiver.url, **COMMON)
    again = {"url": receiver.url, "event_types": [], "description": "", "is_active": True}
    ping_endpoint(number, **COMMON)
    delivery = WebhookDelivery.objects.get().pk
    for ask in (
        lambda: add_endpoint(ledger.entity_id, receiver.url, **mine),
        lambda: change_endpoint(number, **again, **mine),
        lambda: renew_secret(number, **mine),
        lambda: delete_endpoint(number, **mine),
        lambda: ping_endpoint(number, **mine),
        lambda: replay_delivery(delivery, **mine),
        lambda: replay_since(number, NOW, **mine),
    ):
        with refused("right.missing"):
            ask()
    with refused("webhook.unknown_type"):
        add_endpoint(ledger.entity_id, receiver.url, ["item.eaten"], **COMMON)
    with refused("entity.unknown"):
        add_endpoint(999, receiver.url, **COMMON)


def test_the_lease_outlives_every_try() -> None:
    from huikuan.delivery.http import CONNECT_SECONDS, TOTAL_SECONDS
    from huikuan.delivery.webhooks import AT_ONCE, TAKEN_AT_A_TIME

    rounds = -(-TAKEN_AT_A_TIME // AT_ONCE)
    assert deliveries.LEASE.total_seconds() > rounds * (CONNECT_SECONDS + TOTAL_SECONDS)
