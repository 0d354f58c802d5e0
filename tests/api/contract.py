"""Generated requests, good and bad, against a running server: no failure, no status or body that is not described.

``python -m tests.api.contract URL`` with a key in ``HUIKUAN_KEY`` prints what is wrong, and ends with 1 if anything is.
A process of its own, started with ``PYTHONHASHSEED=0``, makes the same requests in every run: which ones depends on the
order of sets, and on what was imported before. ``HUIKUAN_CONTRACT_SEED`` draws others, ``HUIKUAN_CONTRACT_EXAMPLES`` as
many as it says.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

EXAMPLES = int(os.environ.get("HUIKUAN_CONTRACT_EXAMPLES", "8"))
"""Requests tried per operation and kind of data."""
SEED = int(os.environ.get("HUIKUAN_CONTRACT_SEED", "20261121"))
CONFIG = {
    "checks": {
        # The rules of the books refuse much that has the right form.
        "positive_data_acceptance": {"enabled": False},
        # What is not there and what may not be seen are one answer.
        "missing_required_header": {"expected-statuses": [401, 422, 428]},
    }
}


def main(url: str, key: str) -> int:
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json", config=SchemathesisConfig.from_dict(CONFIG))
    unasked = {"positive_data_acceptance", "max_response_time"}
    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in unasked]
    headers = {"Authorization": f"Bearer {key}"}
    tried, failures = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:
            try:
                tried += _try(operation, mode, checks, headers)
            except FailureGroup as group:
                failures += [f"{operation.label}: {one!r} {one}" for one in group.exceptions]
            except Unsatisfiable:
                pass  # an operation without parameters cannot be asked wrongly
    print(*failures, f"{tried} requests", sep="\n\n")
    return 1 if failures else 0


def _try(operation: Any, mode: Any, checks: list[Any], headers: dict[str, str]) -> int:
    tried = 0

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(headers=headers, checks=checks)

    run()
    return tried


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ["HUIKUAN_KEY"]))
