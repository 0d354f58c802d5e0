"""How a person likes the pages: kept with the person, so that the next device has it too."""

from __future__ import annotations

from huikuan.store.models import User


def save_preferences(*, user_id: int, language: str, theme: str) -> None:
    """Remembers language and theme; empty means what the browser says."""
    User.objects.filter(id=user_id).update(language=language, theme=theme)
