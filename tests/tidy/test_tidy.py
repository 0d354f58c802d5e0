"""Style that a linter does not know: short functions and files, one word for one thing, no clock inside.

The exceptions below are a ratchet: a name may leave a list, none may join without a reason beside it.
"""

from __future__ import annotations

import ast
import gc
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from huikuan.cli import practice
from huikuan.cli.main import COMMANDS
from huikuan.core.practice import ROWS
from tests.tidy.sources import PACKAGE, ROOT, python_files, relative, tracked_files, tree_of


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    """A thousand syntax trees are millions of objects: nobody looks for garbage among them while they are made, and
    they do not stay for every later search."""
    gc.disable()
    yield
    tree_of.cache_clear()
    gc.enable()


FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400

LONG_FUNCTIONS: frozenset[str] = frozenset()
LONG_FILES: frozenset[str] = frozenset()

BANNED_WORDS = {
    "client": "customer",
    "clients": "customers",
    "debtor": "customer",
    "debtors": "customers",
    "partner": "customer",
    "partners": "customers",
    "allocation": "application",
    "allocations": "applications",
    "allocate": "apply",
    "allocated": "applied",
    "unallocated": "unapplied",
}
"""Identifier (or a part of one between underscores) → the one word for it."""
BANNED_FIELDS = re.compile(r"^(customer_age|item_age|age_days|days_old|overdue_days|days_overdue)$")
OTHER_MEANINGS = {
    # The HTTP caller that Django's and others' test tools give is called a client by them.
    "tests": {"client"},
}

CLOCKLESS = ("core", "bank", "invoices", "letters", "engines", "services", "queries", "store", "mirror")
CLOCK_CALLS = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("time", "time"),
    ("time", "time_ns"),
}


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_functions_are_short() -> None:
    long = {
        f"{relative(path)}:{function.name}": lines
        for path in python_files()
        for function in functions_of(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long.keys() <= LONG_FUNCTIONS, f"longer than {FUNCTION_LINES_MAX} lines: {long}"
    assert long.keys() >= LONG_FUNCTIONS, "a function became short: take it off the list"


def test_files_are_short() -> None:
    long = {
        relative(path): lines
        for path in python_files()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > FILE_LINES_MAX
    }
    assert long.keys() <= LONG_FILES, f"longer than {FILE_LINES_MAX} lines: {long}"
    assert long.keys() >= LONG_FILES, "a file became short: take it off the list"


def names_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What the file itself names: definitions, parameters, fields and variables; not what it only calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def test_one_thing_has_one_word() -> None:
    found = []
    for path in python_files():
        allowed = OTHER_MEANINGS.get(path.relative_to(ROOT).parts[0], set())
        for name, line in names_in(tree_of(path)):
            parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
            banned = [part for part in parts if part in BANNED_WORDS and part not in allowed]
            if banned or BANNED_FIELDS.match(name):
                say = BANNED_WORDS[banned[0]] if banned else "days_past_due"
                found.append(f"{relative(path)}:{line}: {name} (say {say})")
    assert not found, "\n".join(found)


def test_only_the_edges_read_the_clock() -> None:
    found = []
    for room in CLOCKLESS:
        for path in python_files():
            if not path.is_relative_to(PACKAGE / room):
                continue
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Call) and (call := dotted(node.func))[-2:] in CLOCK_CALLS:
                    found.append(f"{relative(path)}:{node.lineno}: {'.'.join(call)}()")
                if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
                    found.append(f"{relative(path)}:{node.value.lineno}: {node.arg}")
    assert not found, "the clock is passed in as now or as_of:\n" + "\n".join(found)


def dotted(expression: ast.expr) -> tuple[str, ...]:
    """``datetime.now`` → ``("datetime", "now")``; a longer path ends with those two."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if isinstance(expression, ast.Name):
        parts.append(expression.id)
    return tuple(reversed(parts))


def test_money_is_never_a_float_column() -> None:
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in python_files()
        if path.is_relative_to(PACKAGE / "store")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and dotted(node.func)[-1:] in {("FloatField",), ("DurationField",)}
    ]
    assert not found, found


def test_no_tracked_file_names_a_package_host() -> None:
    hosts = re.compile(
        rb"(files\.)?python" rb"hosted\.org|registry\.npm" rb"js\.org|pypi\." rb"org|npm" rb"mirror|index" rb"-url\s*="
    )
    found = [relative(path) for path in tracked_files() if hosts.search(path.read_bytes())]
    assert not found, found


def test_the_npm_lock_carries_hashes_and_no_addresses() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_hash(name: str) -> None:
    for entry in re.split(r"\n(?=[a-z])", (ROOT / name).read_text()):
        assert "==" in entry, entry
        assert "--hash=sha256:" in entry, entry


def test_every_practice_marker_names_a_row() -> None:
    unknown = set(practice.collect_tests(ROOT / "tests")) - set(ROWS)
    assert not unknown, f"no such row of the practice: {sorted(unknown)}"


def test_every_place_of_the_practice_is_there() -> None:
    missing = [
        place
        for row in ROWS.values()
        for place in row.places
        if not (PACKAGE / place.replace(".", "/")).is_dir()
        and not (PACKAGE / place.replace(".", "/")).with_suffix(".py").is_file()
    ]
    assert not missing, missing


def test_every_row_with_a_place_has_a_test() -> None:
    proved = practice.collect_tests(ROOT / "tests")
    assert not [row.number for row in ROWS.values() if row.places and row.number not in proved]


def test_every_command_has_its_module() -> None:
    missing = [
        name
        for name, (place, _) in COMMANDS.items()
        if not (ROOT / "src" / place.partition(":")[0].replace(".", "/")).with_suffix(".py").is_file()
    ]
    assert not missing, missing
