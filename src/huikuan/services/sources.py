"""Sources of external ids by their code."""

from __future__ import annotations

from huikuan.store.models import Source


def source_id_of(code: str) -> int:
    """The id of a source, made on first use (inside the caller's transaction)."""
    found = Source.objects.filter(code=code).values_list("id", flat=True).first()
    if found is not None:
        return int(found)
    return int(Source.objects.get_or_create(code=code)[0].id)
