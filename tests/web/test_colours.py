"""Text can be read: contrast of the page's colours by WCAG (AA: 4.5 to 1), light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huikuan import web

CSS = (Path(web.__file__).parent / "static" / "css" / "huikuan.css").read_text(encoding="utf-8")
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "accent", "bad") for ground in ("page", "surface", "raised")),
    ("accent-ink", "accent"),
    ("ink", "accent-soft"),
    ("ink-2", "accent-soft"),
    ("bad", "bad-soft"),
    ("good", "good-soft"),
    ("past", "past-soft"),
]


def theme(name: str) -> dict[str, str]:
    """The colours of a theme; dark ones stand over the light ones."""
    light, dark = re.search(r":root \{(.*?)\n\}", CSS, re.DOTALL), re.search(r"dark\"\] \{(.*?)\n\}", CSS, re.DOTALL)
    assert light
    assert dark
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light[1]))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark[1])) if name == "dark" else found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_stands_out_from_its_ground(name: str) -> None:
    colours = theme(name)
    weak = {}
    for ink, ground in PAIRS:
        high, low = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        ratio = (high + 0.05) / (low + 0.05)
        if ratio < 4.5:
            weak[ink, ground] = round(ratio, 2)
    assert weak == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_neighbours_on_the_ageing_scale_differ_in_lightness_or_hue(name: str) -> None:
    colours = theme(name)
    scale = [colours[f"b{step}"] for step in range(5)]
    assert len(set(scale)) == 5
    assert luminance(scale[4]) < luminance(scale[3]) < luminance(scale[2]) < luminance(scale[1])
