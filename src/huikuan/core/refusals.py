"""Refusals: every reason the product says no has a stable code and names what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field


class Refusal(Exception):
    """A request that was understood and refused; nothing was changed.

    ``code`` is stable and dotted (``application.over_applied``); ``message`` is an English sentence with
    ``{named}`` fields filled from ``params``, and is also the key under which a translation is looked up.
    """

    def __init__(self, code: str, message: str, **params: object) -> None:
        self.code = code
        self.template = message
        self.params = params
        super().__init__(message.format(**params) if params else message)

    @property
    def message(self) -> str:
        return str(self)


class Conflict(Refusal):
    """The request lost against another writer or an earlier request under the same idempotency key (HTTP 409)."""


@dataclass(frozen=True, slots=True)
class DataError:
    """One fault in a file: where it stands and why it is refused. ``row`` is 1-based as a spreadsheet shows it
    (the header is row 1); ``None`` where the fault is the file's or the column's."""

    file: str
    row: int | None
    column: str | None
    reason: str
    code: str = "data.invalid"
    value: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.row, self.column) if part is not None)
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DataWarning(DataError):
    """Something unusual that is accepted and shown (a due date before its document date, say)."""

    code: str = "data.unusual"


class BadData(Refusal):
    """A file with faults: all of them at once. Nothing was written. The command line exits with 65."""

    def __init__(self, errors: list[DataError], total: int | None = None) -> None:
        self.errors = errors
        self.total = len(errors) if total is None else total
        found = "1 fault" if self.total == 1 else "{total} faults"
        super().__init__("data.refused", f"{found} found, nothing was written", total=self.total)


@dataclass(slots=True)
class ErrorList:
    """Collects faults up to ``keep`` of them and counts the rest, so that a file of a million bad rows stays small."""

    keep: int = 10_000
    errors: list[DataError] = field(default_factory=list)
    total: int = 0

    def add(self, error: DataError) -> None:
        self.total += 1
        if len(self.errors) < self.keep:
            self.errors.append(error)

    def raise_if_any(self) -> None:
        if self.total:
            raise BadData(self.errors, self.total)
