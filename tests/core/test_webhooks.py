"""Signatures, retries and addresses of webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huikuan.core.api_keys import key_of, read_key
from huikuan.core.webhooks import GIVE_UP_AFTER, decide_after_try, is_public, read_url, sign, wait_after
from tests.core.test_money import refused

pytestmark = pytest.mark.practice("K2")
NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


def test_the_signature_of_the_standards_own_example() -> None:
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_waits_grow_fourfold_up_to_half_a_day() -> None:
    waits = [wait_after(tries, 0.5).total_seconds() for tries in range(1, 12)]
    assert waits[:4] == [5, 20, 80, 320] and waits[-1] == 12 * 3600
    assert wait_after(1, 0.0).total_seconds() == 4 and wait_after(1, 1.0).total_seconds() == 6


def test_three_days_of_tries() -> None:
    now, tries, count = NOW, 0, 0
    while True:
        tries += 1
        verdict = decide_after_try(status=500, tries=tries, started_at=NOW, failing_since=NOW, now=now, chance=0.5)
        count += 1
        if verdict.next_at is None:
            break
        now = verdict.next_at
    assert verdict.state == "given_up" and now - NOW <= GIVE_UP_AFTER and 12 <= count <= 16


@pytest.mark.parametrize(
    ("status", "since", "state", "reason"),
    [
        (200, None, "delivered", ""),
        (204, NOW - timedelta(days=9), "delivered", ""),
        (302, None, "pending", ""),
        (500, None, "pending", ""),
        (None, None, "pending", ""),
        (410, None, "given_up", "gone"),
        (500, NOW - timedelta(days=5), "given_up", "failing"),
    ],
)
def test_what_follows_from_an_answer(status: int | None, since: datetime | None, state: str, reason: str) -> None:
    verdict = decide_after_try(status=status, tries=1, started_at=NOW, failing_since=since, now=NOW, chance=0.5)
    assert (verdict.state, verdict.disable_reason) == (state, reason)
    assert (verdict.failing_since is None) == (state == "delivered")


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 ::"
    " fd00::1 fe80::1%eth0 ff02::1 ::ffff:127.0.0.1 64:ff9b::a00:1 2002:7f00:1:: 192.0.2.1 198.18.0.1".split(),
)
def test_addresses_on_the_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_outside(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "webhook.not_https"),
        ("ftp://example.com/", "webhook.bad_url"),
        ("https://", "webhook.bad_url"),
        ("https://exa mple.com/", "webhook.bad_url"),
        ("https://example.com:99999/", "webhook.bad_url"),
        ("https://example.com/\r\nHost: x", "webhook.bad_url"),
        ("https://me:secret@example.com/", "webhook.credentials"),
        ("例子", "webhook.bad_url"),
    ],
)
def test_addresses_refused(url: str, code: str) -> None:
    with refused(code):
        read_url(url)


def test_an_address_taken_apart() -> None:
    target = read_url("https://example.com/hook?a=1")
    assert (target.host, target.port, target.path) == ("example.com", 443, "/hook?a=1")
    assert read_url("http://example.com:8080", allow_http=True).port == 8080


def test_a_key_is_read_back_and_compared() -> None:
    key = key_of(bytes(range(64)))
    again = read_key(key.text)
    assert again == key and again is not None and again.matches(key.secret_sha256)
    assert not key_of(bytes(range(1, 65))).matches(key.secret_sha256)
    for text in ("", "hk_", key.text + "x", key.text[:-1], key.text.upper()):
        assert read_key(text) is None
