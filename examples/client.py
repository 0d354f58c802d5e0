"""A program that works with huikuan: posts an invoice and money, applies it, and follows the journal.

Nothing but the standard library. Take a key under Settings → API keys, then::

    HUIKUAN_KEY=hk_… python examples/client.py http://127.0.0.1:8000 CN01 C0001
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode


class Refused(Exception):
    """An error of the interface: ``problem`` is its body (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(f"{problem['code']}: {problem['detail']}")


class Huikuan:
    """The interface of one installation, with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = f"{url.rstrip('/')}/api/v1/", key

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request. A POST is sent again under the same key when no answer came, and still posts once."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        address = self.url + path + (f"?{urlencode(asked)}" if asked else "")
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(5):
            try:
                request = urllib.request.Request(address, data, headers, method=method)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code == 429:
                    time.sleep(int(error.headers.get("Retry-After", "1")))
                elif error.code < 500:
                    raise Refused(json.load(error)) from None
            except (urllib.error.URLError, TimeoutError):
                pass
            time.sleep(2**attempt / 10)
        raise TimeoutError(f"no answer from {address}")

    def rows(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, slice by slice."""
        cursor = ""
        while True:
            page = self.call("GET", path, cursor=cursor, **query)
            yield from page["rows"]
            if not page["more"]:
                return
            cursor = page["next"]


def main(url: str, entity: str, customer: str) -> None:
    huikuan, today = Huikuan(url, os.environ["HUIKUAN_KEY"]), datetime.now().astimezone().date().isoformat()
    name = uuid.uuid4().hex[:8]
    currency = huikuan.call("GET", f"entities/{entity}")["currency"]
    invoice = {"customer": customer, "external_id": f"INV-{name}", "document_date": today, "due_date": today}
    money = {"customer": customer, "external_id": f"PAY-{name}", "value_date": today}
    amount = {"currency": currency, "amount": "100.00"}
    (item,) = huikuan.call("POST", "items", {"entity": entity, "items": [invoice | amount]})["items"]
    (paid,) = huikuan.call("POST", "receipts", {"entity": entity, "receipts": [money | amount]})["receipts"]
    lines = [{"item": item["id"], "amount": "60.00"}]
    huikuan.call("POST", f"receipts/{paid['id']}/apply", {"lines": lines})
    print(f"{item['external_id']}: {huikuan.call('GET', 'items/' + item['id'])['open_amount']} {currency} open")
    print(f"{sum(1 for _ in huikuan.rows('items', state='open', entity=entity))} open items in {entity}")
    for row in huikuan.call("GET", "ageing", entity=entity, limit=5)["totals"]:
        print(f"owed in {row['currency']}: {row['total']}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
