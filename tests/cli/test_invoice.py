"""``huikuan invoice``: files looked at without a database, or brought in, with exit codes a script can rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huikuan.cli.main import main
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.store.models import Entity, OpenItem
from tests.databases import LedgerDb
from tests.invoices import builders as build
from tests.invoices.builders import Sample
from tests.services.test_einvoices import SYSTEM

pytestmark = pytest.mark.practice("D10")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    contents = {
        "good.xml": build.ubl(Sample()),
        "credit.pdf": build.pdf_with(build.cii(Sample(number="GS-1", is_credit=True, preceding="RE-2026-001"))),
        "wrong.xml": build.ubl(Sample(number="W").but(gross="1.00")),
    }
    paths = {}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        paths[name] = str(tmp_path / name)
    return paths


def test_read_shows_what_it_says(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["invoice", "read", files["good.xml"], files["credit.pdf"]])
    told = capsys.readouterr().out
    for text in ("RE-2026-001 (ubl, XRechnung 3.0)", "net 1,200.00", "corrects RE-2026-001", "every rule kept"):
        assert text in told, text


def test_read_for_machines(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["invoice", "read", "--json", files["good.xml"]])
    (told,) = json.loads(capsys.readouterr().out)
    assert told["totals"]["gross"] == "1404.00"
    assert told["taxes"][0] == {"category": "S", "rate": "19", "net": "1000.00", "tax": "190.00"}
    assert told["faults"] == []


def test_every_fault_and_exit_65(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["invoice", "read", files["wrong.xml"]])
    assert stopped.value.code == 65
    told = capsys.readouterr().err
    assert "wrong.xml:/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount: BR-CO-15" in told
    assert "2 faults found" in told


def test_import_from_the_command_line(
    sqlite_db: LedgerDb, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    entity = add_entity("DE01", "Beispiel GmbH", "EUR", **SYSTEM)
    main(["entity", "tax-id", "DE01", "DE123456789"])
    assert Entity.objects.get().tax_id == "DE123456789"
    both = [files["good.xml"], files["credit.pdf"], "--entity", "DE01"]
    with pytest.raises(SystemExit) as stopped:
        main(["invoice", "import", *both])
    assert stopped.value.code == 65
    assert "Nordic Timber AB SE556677889901 is no customer yet" in capsys.readouterr().err
    add_customers(entity, [NewCustomer("9", "Nordic Timber AB")], source="erp", **SYSTEM)
    main(["invoice", "import", *both, "--dry-run"])
    assert "2 new, 0 attached, 0 known, 0 refused (dry run: nothing was posted)" in capsys.readouterr().out
    assert OpenItem.objects.count() == 0
    main(["invoice", "import", *both, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["posted"], [one["amount"] for one in told["invoices"]]) == (2, ["1404.00", "-1404.00"])
    main(["invoice", "import", *both])
    assert "0 new, 0 attached, 2 known, 0 refused" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["invoice", "import", files["wrong.xml"], files["good.xml"], "--entity", "DE01", "--dry-run"])
    assert stopped.value.code == 65
    assert OpenItem.objects.count() == 2
