"""The profile an invoice says it follows, by its specification identifier (BT-24)."""

from __future__ import annotations

import re

_PROFILES = (
    (re.compile(r"urn:ferd:"), "ZUGFeRD 1"),
    (re.compile(r"urn:factur-x\.eu:1p0:minimum"), "Factur-X MINIMUM"),
    (re.compile(r"urn:factur-x\.eu:1p0:basicwl"), "Factur-X BASIC WL"),
    (re.compile(r"#compliant#urn:factur-x\.eu:1p0:basic"), "Factur-X BASIC"),
    (re.compile(r"urn:factur-x\.eu:1p0:extended"), "Factur-X EXTENDED"),
    (re.compile(r"urn:zugferd\.de:2p0:minimum"), "ZUGFeRD MINIMUM"),
    (re.compile(r"urn:zugferd\.de:2p0:basicwl"), "ZUGFeRD BASIC WL"),
    (re.compile(r"urn:zugferd\.de:2p0:basic"), "ZUGFeRD BASIC"),
    (re.compile(r"urn:zugferd\.de:2p0:extended"), "ZUGFeRD EXTENDED"),
    (re.compile(r"(?:xrechnung|XRechnung)[_:](\d+(?:\.\d+)?)"), "XRechnung {}"),
    (re.compile(r"urn:fdc:peppol\.eu:2017:poacc:billing:3\.0"), "Peppol BIS Billing 3"),
    (re.compile(r"urn:cen\.eu:en16931:2017$"), "EN 16931"),
    (re.compile(r"urn:cen\.eu:en16931:2017"), "EN 16931 (extended)"),
)
WITHOUT_LINES = frozenset({"Factur-X MINIMUM", "Factur-X BASIC WL", "ZUGFeRD MINIMUM", "ZUGFeRD BASIC WL"})
"""Profiles that carry totals only: bookkeeping aids, not invoices by EN 16931."""


def profile_of(specification: str) -> str:
    """A readable name; empty for a specification that is not known."""
    for pattern, name in _PROFILES:
        if found := pattern.search(specification):
            return name.format(*found.groups())
    return ""
