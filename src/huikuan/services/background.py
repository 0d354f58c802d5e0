"""Work handed to the worker: a row in the database, committed with whatever it belongs to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


def enqueue(name: str, *arguments: Any) -> UUID:
    """Hands a task over, by its name in ``HUIKUAN_TASKS``: tasks live in a room above this one. Gives its number."""
    task = import_string(settings.HUIKUAN_TASKS[name])
    return UUID(task.enqueue(*arguments).id)
