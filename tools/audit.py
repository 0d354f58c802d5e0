"""Are known holes in what we build on, and may all of it be shipped under our licence?

``python tools/audit.py [LOCK]``. Exit 1 for a known vulnerability or a licence that does not fit. Without a network the
first question cannot be asked: that is said, and is no failure.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FITS = re.compile(
    r"apache|bsd|mit\b|isc|psf|python software|mpl|mozilla|zlib|unlicense|0bsd|public domain|cc0|ofl", re.I
)
AS_LIBRARY = {
    "psycopg": "LGPL, used as a library",
    "psycopg-binary": "LGPL, used as a library",
}
"""Packages whose licence fits in the way they are used, with the reason."""
ONLINE = re.compile(
    r"connection|resolve|network|timed out|proxy|max retries|unreachable|ssl|certificate|http error", re.I
)


def names_in(lock: Path) -> list[str]:
    return re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text(), re.M)


def licence_of(name: str) -> str | None:
    """What a package says its licence is; ``None`` where it is not installed here (another platform's)."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classified = [line.rpartition("::")[2].strip() for line in told.get_all("Classifier", []) if "License ::" in line]
    expression = told.get_all("License-Expression", [""])[0]
    words = expression or " / ".join(classified) or "".join(told.get_all("License", [""])[0].splitlines()[:1])
    return str(words or "not said")[:80]


def check_licences(names: list[str]) -> int:
    counts: Counter[str] = Counter()
    bad = 0
    for name in names:
        licence = licence_of(name)
        if licence is None:
            continue
        counts[licence] += 1
        if not FITS.search(licence) and name.lower() not in AS_LIBRARY:
            bad += 1
            print(f"licence does not fit, or is not known: {name}: {licence}")
    print("licences: " + ", ".join(f"{n} {licence}" for licence, n in counts.most_common()))
    return bad


def check_vulnerabilities(lock: Path) -> int:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", str(lock)]
    done = subprocess.run(
        [*command, "--format=json", "--progress-spinner=off"], capture_output=True, text=True, check=False
    )
    try:
        found = [one for one in json.loads(done.stdout)["dependencies"] if one.get("vulns")]
    except (ValueError, KeyError):
        if ONLINE.search(done.stderr):
            print("vulnerabilities: NOT LOOKED FOR, the database of them cannot be reached from here")
            return 0
        print(done.stderr.strip()[-2000:])
        return 1
    for one in found:
        for hole in one["vulns"]:
            mended = ", ".join(hole["fix_versions"]) or "no version yet"
            print(f"vulnerable: {one['name']} {one['version']}: {hole['id']}, mended in {mended}")
    print(f"vulnerabilities: {sum(len(one['vulns']) for one in found)} known")
    return len(found)


def main() -> int:
    lock = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "requirements.lock"
    bad = check_licences(names_in(lock))
    return 1 if bad + check_vulnerabilities(lock) else 0


if __name__ == "__main__":
    sys.exit(main())
