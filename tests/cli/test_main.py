"""The command line: what it exits with, and that commands on files never load Django."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from huikuan.cli import main as module
from huikuan.core.refusals import BadData, DataError, Refusal


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huikuan.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A command ``try`` that raises what the test's parameter says."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def attempt(as_json: bool) -> None:
        raise request.param

    loaded = ModuleType("tests.cli.attempt")
    loaded.attempt = attempt  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests.cli.attempt", loaded)
    monkeypatch.setitem(module.COMMANDS, "try", ("tests.cli.attempt:attempt", "Try."))


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        module.main(list(arguments))
    assert isinstance(stop.value.code, int)
    return stop.value.code


FAULTS = [DataError("items.csv", row, "amount", "'x' is not an amount", value="x") for row in range(2, 62)]


@pytest.mark.parametrize("command", [BadData(FAULTS)], indirect=True)
def test_bad_data_is_65_and_every_fault_has_its_place(command: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("try") == 65
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "items.csv:2:amount: 'x' is not an amount"
    assert lines[-2:] == ["... and 10 more", "huikuan: 60 faults found, nothing was written"]


@pytest.mark.parametrize("command", [BadData(FAULTS, total=1000)], indirect=True)
def test_machines_get_json(command: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("try", "--json") == 65
    answer = json.loads(capsys.readouterr().err)
    assert (answer["error"], answer["total"], len(answer["faults"])) == ("data.refused", 1000, 60)
    assert answer["faults"][0]["row"] == 2


@pytest.mark.parametrize("command", [Refusal("period.closed", "{month} is closed", month="2026-05")], indirect=True)
def test_a_refusal_is_65(command: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("try") == 65
    assert capsys.readouterr().err == "huikuan: 2026-05 is closed\n"


@pytest.mark.parametrize("command", [click.UsageError("no such thing")], indirect=True)
def test_bad_usage_is_2(command: None) -> None:
    assert exit_code("try") == 2
    assert exit_code("nothing-of-the-kind") == 2


@pytest.mark.parametrize("command", [KeyboardInterrupt()], indirect=True)
def test_an_interrupt_is_130(command: None) -> None:
    assert exit_code("try") == 130


def test_help_and_version_load_no_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in module.COMMANDS)
    assert run("--version").stdout.startswith("huikuan, version ")


@pytest.mark.parametrize("group", ["ledger", "cash", "note"])
def test_help_of_a_command_needs_no_database(group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIKUAN_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    done = run(group, {"ledger": "reinstate", "cash": "take", "note": "take"}[group], "--help")
    assert (done.returncode, "Usage:" in done.stdout) == (0, True), done.stderr
    assert not list(tmp_path.glob("*.db"))


def test_commands_on_files_never_load_django() -> None:
    program = (
        "import sys; from huikuan.cli.main import group, Commands; import click\n"
        "assert isinstance(group, Commands)\n"
        "for name in ('age', 'practice'): group.get_command(click.Context(group), name)\n"
        "loaded = sorted(name for name in sys.modules if name.split('.')[0] == 'django'); print(loaded)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m huikuan.cli.main practice | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_practice_tells_where_and_proof() -> None:
    rows = json.loads(run("practice", "--json", "--lang", "zh").stdout)
    assert [rows[0]["row"], rows[0]["title"], len(rows)] == ["A1", "客户主数据", 83]
    text = run("practice", "--built").stdout
    assert "K5" in text
    assert "lives in" in text


def test_a_second_start_on_a_taken_port_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers there may be this very installation: its database and its pages' files are left alone."""
    monkeypatch.setenv("HUIKUAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("run", "--port", str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is in use; choose another with --port" in done.stderr
    assert not (tmp_path / "home").exists()
