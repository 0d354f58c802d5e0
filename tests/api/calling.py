"""Calling the interface as a program does: a key in the header, JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from huikuan.core.rights import Right
from huikuan.services.api_keys import add_key
from huikuan.store.models import User

EVERY = [right.value for right in Right]


def make_key(name: str, scopes: Sequence[str] = EVERY, **more: Any) -> str:
    """A key with the rights of that person."""
    user = User.objects.get(username=name)
    return add_key(user.pk, "test", scopes, actor_id=user.pk, now=datetime.now(UTC), **more)[1]


@dataclass
class Program:
    """A program with a key."""

    key: str

    def __post_init__(self) -> None:
        self.http = Client(headers={"host": "localhost"})

    def headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}", "host": "localhost", **more}

    def get(self, address: str, **headers: str) -> HttpResponse:
        return self.http.get(f"/api/v1/{address}", headers=self.headers(headers))  # type: ignore[return-value]

    def json(self, address: str, **headers: str) -> Any:
        response = self.get(address, **headers)
        assert response.status_code == 200, response.content.decode()
        return json.loads(response.content)

    def send(self, method: str, address: str, body: Any, **headers: str) -> HttpResponse:
        asked = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.http.generic(  # type: ignore[return-value]
            method, f"/api/v1/{address}", json.dumps(body), "application/json", headers=self.headers(asked)
        )

    def post(self, address: str, body: Any, key: str | None = None, **headers: str) -> HttpResponse:
        return self.send("POST", address, body, idempotency_key=key or uuid4().hex, **headers)

    def posted(self, address: str, body: Any, key: str | None = None) -> Any:
        response = self.post(address, body, key)
        assert response.status_code == 201, response.content.decode()
        return json.loads(response.content)

    def all_rows(self, address: str, limit: int = 2) -> list[Any]:
        """Every row of a list, slice by slice."""
        rows, sign = [], "&" if "?" in address else "?"
        page = self.json(f"{address}{sign}limit={limit}")
        rows += page["rows"]
        while page["more"]:
            page = self.json(f"{address}{sign}limit={limit}&cursor={page['next']}")
            rows += page["rows"]
        return rows


def problem_of(response: HttpResponse) -> dict[str, Any]:
    """The body of an error, which always has the same shape."""
    assert response["Content-Type"] == "application/problem+json", response.content[:200]
    found: dict[str, Any] = json.loads(response.content)
    assert found["status"] == response.status_code
    assert {"type", "title", "status", "code", "detail"} <= found.keys()
    return found


def invoice(number: str, amount: str = "100.00", **more: Any) -> dict[str, Any]:
    return {
        "customer": "0001",
        "external_id": number,
        "document_date": "2026-03-01",
        "due_date": "2026-04-01",
        "currency": "CNY",
        "amount": amount,
        **more,
    }


def receipt(number: str, amount: str = "100.00", **more: Any) -> dict[str, Any]:
    return {"external_id": number, "value_date": "2026-03-05", "currency": "CNY", "amount": amount, **more}
