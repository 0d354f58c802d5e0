"""What a bank's headings mean, told once: a layout handed in beside the bank's files, used again by later uploads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huikuan.bank.profile import parse_profile
from huikuan.bank.source import Options
from huikuan.core.refusals import Refusal
from huikuan.services.bank_files import BankFile
from huikuan.store.models import BankUpload

SUFFIX = ".toml"
SIZE_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout as it was handed in: what its file is called, its TOML."""

    name: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "text": self.text}


def take_layout(files: Sequence[BankFile], like: int | None = None) -> tuple[list[BankFile], Layout | None]:
    """The bank's files apart from the layout among them; without one, that of the upload ``like``. Refuses
    ``bank_upload.layouts``, ``bank_upload.no_layout`` and ``bank.profile``."""
    told = [one for one in files if one.name.lower().endswith(SUFFIX)]
    rest = [one for one in files if not one.name.lower().endswith(SUFFIX)]
    if len(told) > 1:
        raise Refusal("bank_upload.layouts", "One layout at a time: {count} were handed in.", count=len(told))
    if not told:
        return rest, None if like is None else _layout_of(like)
    if told[0].size > SIZE_MAX:
        raise Refusal("bank.profile", "the bank's profile cannot be used: {why}", why="it is too large")
    try:
        layout = Layout(told[0].name[:200], told[0].read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refusal("bank.profile", "the bank's profile cannot be used: {why}", why="it is not UTF-8") from error
    parse_profile(layout.text)
    return rest, layout


def _layout_of(upload_id: int) -> Layout:
    said = BankUpload.objects.filter(id=upload_id).values_list("said", flat=True).first() or {}
    if "layout" not in said:
        raise Refusal("bank_upload.no_layout", "There is no such layout.")
    return Layout(**said["layout"])


def options_of(said: dict[str, Any]) -> Options:
    """What the layout of an upload settles."""
    return parse_profile(said["layout"]["text"]) if "layout" in said else Options()
