"""Looks a workbook over before it is parsed, in the words of a file's faults."""

from __future__ import annotations

from huikuan.core.workbooks import SheetFacts, WorkbookFault, WorkbookLimits
from huikuan.core.workbooks import inspect_workbook as inspect
from huikuan.engines.files_source import Blob, Limits, refused

__all__ = ["SheetFacts", "inspect_workbook"]


def inspect_workbook(blob: Blob, limits: Limits) -> dict[str, SheetFacts]:
    """Reads every part once, within the limits; gives the facts of each sheet by its path in the archive."""
    try:
        return inspect(blob.open, blob.size, WorkbookLimits(limits.xlsx_unpacked, limits.xlsx_ratio, limits.xlsx_cells))
    except WorkbookFault as fault:
        raise refused(blob.name, fault.code, fault.reason) from None
