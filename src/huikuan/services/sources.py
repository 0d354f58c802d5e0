"""Sources of external ids by their code."""

from __future__ import annotations

from django.db import connection

from huikuan.store.models import Source


def source_id_of(code: str) -> int:
    """The id of a source, made on first use (inside the caller's transaction)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM store_source WHERE code = %s", [code])
        found = cursor.fetchone()
    if found is not None:
        return int(found[0])
    return int(Source.objects.get_or_create(code=code)[0].id)
