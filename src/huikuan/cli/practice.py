"""``huikuan practice``: row of the practice → where it lives → the tests that prove it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import click

from huikuan.core.practice import CHAPTERS, ROWS, Row

TESTS = Path(__file__).resolve().parents[3] / "tests"


@click.command()
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the titles."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--built", is_flag=True, help="Only rows that have a place.")
def practice(lang: str, as_json: bool, built: bool) -> None:
    """List the rows of the practice, where each lives, and the tests that prove it (in a checkout)."""
    tests = collect_tests(TESTS)
    rows = [row for row in ROWS.values() if row.places or not built]
    if as_json:
        answer = [
            {
                "row": row.number,
                "title": title(row, lang),
                "partial": row.is_partial,
                "places": [f"huikuan.{place}" for place in row.places],
                "tests": tests.get(row.number, []),
            }
            for row in rows
        ]
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    chapter = ""
    for row in rows:
        if row.number[0] != chapter:
            chapter = row.number[0]
            click.echo(f"\n{chapter}. {CHAPTERS[chapter][lang == 'zh']}")
        proofs = tests.get(row.number, [])
        state = "  (in part)" if row.is_partial else "" if row.places or proofs else "  (not yet)"
        click.echo(f"  {row.number:<4} {title(row, lang)}{state}")
        if row.places:
            click.echo(f"         lives in   {', '.join(f'huikuan.{place}' for place in row.places)}")
        for index, proof in enumerate(proofs):
            click.echo(f"         {'proved by' if index == 0 else '':<10} {proof}")
    proved = sum(1 for row in rows if row.number in tests)
    click.echo(f"\n{proved} of {len(rows)} rows have a test.")


def title(row: Row, lang: str) -> str:
    """The row's title in the language asked for."""
    return row.chinese if lang == "zh" else row.english


def collect_tests(folder: Path) -> dict[str, list[str]]:
    """Row number → names of the tests that carry it. Reads the sources; runs nothing."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        name = path.relative_to(folder.parent).as_posix()
        for test, numbers in marked_tests(ast.parse(path.read_text(encoding="utf-8"))):
            for number in numbers:
                found.setdefault(number, []).append(f"{name}::{test}" if test else name)
    return found


def marked_tests(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Each test of a module with the rows it carries, its own and its class's; a whole module's under no name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            if numbers := rows_in(node.value):
                yield "", numbers
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own = [number for decorator in node.decorator_list for number in rows_in(decorator)]
            if own:
                yield node.name, own
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        numbers = [number for decorator in inner.decorator_list for number in rows_in(decorator)]
                        if numbers:
                            yield f"{node.name}::{inner.name}", numbers


def rows_in(expression: ast.expr) -> list[str]:
    """The row numbers of every ``practice(...)`` marker inside an expression."""
    return [
        argument.value
        for call in ast.walk(expression)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "practice"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
