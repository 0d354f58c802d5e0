"""Cursors: where a list goes on, opaque to the caller and good for the same question only."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

from huikuan.api.problems import Problem
from huikuan.queries.feeds import Slice

T = TypeVar("T")
SIZE_MAX = 500


class Asked(Schema):
    """What every list takes."""

    model_config = ConfigDict(extra="ignore")

    cursor: str = Field("", max_length=200, description="From `next` of the slice before.")
    limit: int = Field(100, ge=1, le=SIZE_MAX, description="Rows of a slice.")


class Cursor:
    """Where one list stands. ``question``: everything it was narrowed to, which must not change on the way."""

    def __init__(self, name: str, question: BaseModel, asked: str) -> None:
        plain = question.model_dump_json(exclude={"cursor", "limit"})
        self.mark = sha256(f"{name}:{plain}".encode()).hexdigest()[:10]
        self.after = self._read(asked) if asked else 0

    def _read(self, text: str) -> int:
        try:
            mark, after = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
        except (ValueError, TypeError, binascii.Error):
            mark, after = "", None
        if mark != self.mark or type(after) is not int or not 0 <= after < 1 << 62:
            detail = "this cursor is of another list or of other filters: begin anew without one"
            raise Problem(422, "cursor.unknown", detail)
        return after

    def at(self, after: int) -> str:
        text = json.dumps([self.mark, after], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def page(self, found: Slice[T], show: Callable[[T], Any], *, is_feed: bool = False) -> dict[str, Any]:
        """The slice as it is sent. A feed always says where to go on, for what comes later."""
        follows = None
        if found.more and found.last is not None:
            follows = self.at(found.last)
        elif is_feed:
            follows = self.at(self.after if found.last is None else found.last)
        return {"rows": [show(row) for row in found.rows], "next": follows, "more": found.more}
