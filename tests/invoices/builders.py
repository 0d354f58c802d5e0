"""Invoices for tests, in every format the product reads; all written by us."""

from tests.invoices.chinese import (
    BASE_HEADINGS,
    OFD_ROOT,
    archive,
    fapiao_text,
    fapiao_xlsx,
    fapiao_xml,
    ofd_attached,
    ofd_tagged,
)
from tests.invoices.european import cii, pdf_with, ubl
from tests.invoices.samples import BUYER_CN, SELLER_CN, D, Fapiao, Row, Sample

__all__ = [
    "BASE_HEADINGS",
    "BUYER_CN",
    "OFD_ROOT",
    "SELLER_CN",
    "D",
    "Fapiao",
    "Row",
    "Sample",
    "archive",
    "cii",
    "fapiao_text",
    "fapiao_xlsx",
    "fapiao_xml",
    "ofd_attached",
    "ofd_tagged",
    "pdf_with",
    "ubl",
]
