"""Values handed from process to process: as what they are made of, in a third of the time of the usual way."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

Made = TypeVar("Made", bound=type[Any])


def packed(cls: Made) -> Made:
    """A data class of two and more fields, all of which it is made with."""
    values = attrgetter(*(one.name for one in fields(cls)))

    def reduce(self: Any) -> tuple[Any, tuple[Any, ...]]:
        return cls, values(self)

    setattr(cls, "__reduce__", reduce)  # noqa: B010 - a plain assignment is not typed
    return cls
