"""The Python face: the engines on tables in memory, the same answers as the command line.

Tables are Arrow, Polars or pandas (anything with ``__arrow_c_stream__``); the answer comes in the kind the items had.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from huikuan.core.ageing import BUCKETS, Basis, BucketBy


class UnusualData(UserWarning):
    """Something unusual in the data that is accepted and counted as documented."""


def age(
    items: Any,
    applications: Any = None,
    receipts: Any = None,
    *,
    as_of: date,
    known_on: datetime | date | None = None,
    by: Sequence[str] = ("customer_id",),
    buckets: Sequence[int] = BUCKETS,
    bucket_by: BucketBy = "due",
    basis: Basis = "posting",
    snapshot_date: date | None = None,
    wide: bool = False,
    currency: str | None = None,
) -> Any:
    """What is owed at the end of ``as_of``, by how long it is past due, as recorded by ``known_on``.

    Tables have the columns of the file formats and are checked as files are: ``BadData`` carries every fault at once,
    ``UnusualData`` warns of what is accepted but odd. ``currency`` is for tables without one. The answer: the ``by``
    columns, currency, bucket, open_amount (exact decimals), items; ``wide``: one column per bucket and a total.
    """
    from huikuan.engines import age as engine
    from huikuan.engines.age_read import read_inputs
    from huikuan.engines.files import normalise

    given = {"items": items, "applications": applications, "receipts": receipts}
    found = read_inputs(normalise, given, currency=currency, snapshot_date=snapshot_date)
    answer = engine.age_answer(
        **found.tables,
        as_of=as_of,
        known_on=known_on,
        by=by,
        buckets=buckets,
        bucket_by=bucket_by,
        basis=basis,
        snapshot_date=snapshot_date,
        wide=wide,
        bridge=False,
    )
    for warning in [*found.warnings, *answer.warnings]:
        warnings.warn(str(warning), UnusualData, stacklevel=2)
    return _like(answer.table, items)


def match(
    lines: Any,
    items: Any,
    customers: Any = None,
    history: Any = None,
    *,
    max_error: float = 0.001,
    lang: Literal["zh", "en"] = "en",
    as_of: date | None = None,
    currency: str | None = None,
    ranks: int = 5,
    full: bool = False,
) -> Any:
    """What each bank line pays: ranked explanations with the probability that each is wholly right, and a decision
    (``auto`` over the bar that is proved on ``history``, ``propose``, ``none``).

    Tables have the columns of the file formats and are checked as files are: ``BadData`` carries every fault at once.
    The answer has the columns of ``matches``; ``full``: a ``MatchAnswer`` instead, with the bar, the evidence, what was
    learned, and a model that matches further lines without the history.
    """
    from huikuan.engines import match as engine
    from huikuan.engines.files import normalise
    from huikuan.engines.match_read import read_match_inputs

    given = {"lines": lines, "items": items, "customers": customers, "history": history}
    found = read_match_inputs(normalise, given, currency=currency)
    options = engine.MatchOptions(ranks_max=ranks)
    answer = engine.match(**found.tables, max_error=max_error, lang=lang, as_of=as_of, options=options)
    for warning in [*found.warnings, *answer.warnings]:
        warnings.warn(str(warning), UnusualData, stacklevel=2)
    return answer if full else _like(answer.matches, lines)


def _like(table: Any, given: Any) -> Any:
    """An Arrow table in the kind of what was given; Arrow for anything but Polars and pandas."""
    library = type(given).__module__.partition(".")[0]
    if library == "polars":
        import polars

        return polars.from_arrow(table)
    if library == "pandas":
        return table.to_pandas()
    return table
