"""``huikuan apikey``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from huikuan.cli.apikey import apikey
from huikuan.core.refusals import Refusal
from tests.api.calling import Program
from tests.databases import LedgerDb
from tests.web.world import build_world

pytestmark = pytest.mark.practice("K2")


def run(*words: str) -> str:
    done = CliRunner().invoke(apikey, words)
    if isinstance(done.exception, Refusal):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_key_from_the_shell(sqlite_db: LedgerDb) -> None:
    assert "no key yet" in run("list")
    build_world()
    text = run("add", "clerk", "nightly", "--scope", "ledger.see", "--entity", "CN01", "--days", "30").strip()
    assert [row["code"] for row in Program(text).json("entities")["rows"]] == ["CN01"]
    listed = run("list", "--user", "clerk")
    assert "nightly" in listed and "ledger.see" in listed and text not in listed
    run("revoke", listed.split()[0])
    assert "revoked" in run("list")
    assert Program(text).get("entities").status_code == 401
    with pytest.raises(Refusal, match="not a right"):
        run("add", "clerk", "x", "--scope", "fly")
    with pytest.raises(Refusal, match="no user"):
        run("add", "nobody", "x", "--scope", "all")
