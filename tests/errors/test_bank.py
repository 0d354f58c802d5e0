"""The gallery of faults of bank files: one file each in ``bank/`` and, beside it, exactly what is said.

``HUIKUAN_ACCEPT=1`` writes what is said now: read the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from huikuan.bank.balances import check_balances
from huikuan.bank.reading import read_statements
from huikuan.bank.remittance import parse_remittance
from huikuan.bank.statement import BadStatement
from huikuan.cli.language import fault_line
from huikuan.core.refusals import DataError
from tests.errors.told import is_chinese, is_told

GALLERY = Path(__file__).parent / "bank"

pytestmark = pytest.mark.practice("E2")


def report(path: Path, say: Callable[[DataError], str] = str) -> str:
    """What reading the file says, line by line; faults as ``say`` tells them."""
    try:
        if path.name.startswith("remittance"):
            advices = parse_remittance(path.read_bytes(), path.name)
            return "".join(f"{len(one.documents)} documents, {one.notes}\n" for one in advices)
        statements = read_statements(path.read_bytes(), path.name)
    except BadStatement as bad:
        return "".join(f"refused [{error.code}] {say(error)}\n" for error in bad.errors)
    lines = []
    for statement in statements:
        lines.append(f"{statement.format}: {statement.account or '(no account)'}, {len(statement.lines)} lines")
        lines += [f"note {note}" for note in statement.notes]
        lines += [f"does not tie [{fault.code}] {say(fault)}" for fault in check_balances(statement)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "path", sorted(path for path in GALLERY.iterdir() if path.suffix != ".txt"), ids=lambda path: path.name
)
def test_says_exactly(path: Path) -> None:
    said, expected = report(path), path.with_suffix(".txt")
    is_told(said, expected)


def test_says_it_in_chinese() -> None:
    """``faults.zh.txt``: what the shell says of every file with ``--lang zh``."""
    files = sorted(path for path in GALLERY.iterdir() if path.suffix not in (".txt", ".eml"))
    told = [line for path in files for line in report(path, lambda fault: fault_line(fault, "zh")).splitlines()]
    said = "".join(f"{line}\n" for line in told if line.startswith(("refused", "does not tie")))
    expected = GALLERY / "faults.zh.txt"
    is_told(said, expected)
    is_chinese(said, but="XML 已损坏")
