"""The gallery of faults of e-invoices: one file each in ``invoices/`` and, beside it, exactly what is said.

``HUIKUAN_ACCEPT=1`` writes what is said now: read the diff.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from huikuan.core.refusals import Refusal
from huikuan.invoices.reading import parse_invoice
from huikuan.invoices.rules import check_invoice
from tests.errors.told import is_told

GALLERY = Path(__file__).parent / "invoices"

pytestmark = pytest.mark.practice("D10")


def report(path: Path) -> str:
    """What reading the file says, line by line."""
    try:
        documents = parse_invoice(path.read_bytes(), path.name)
    except Refusal as refusal:
        return f"refused [{refusal.code}] {refusal}\n"
    lines = []
    for document in documents:
        profile = document.profile or "no known profile"
        lines.append(f"{document.number or '(no number)'}: {document.source_format}, {profile}")
        lines += [
            f"{'warning' if fault.is_warning else 'fault'} [{fault.rule}] {fault.path}: {fault.reason}"
            for fault in check_invoice(document)
        ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*.xml")), ids=lambda path: path.stem)
def test_says_exactly(path: Path) -> None:
    said, expected = report(path), path.with_suffix(".txt")
    is_told(said, expected)
