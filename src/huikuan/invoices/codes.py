"""Code lists the rules ask for: countries, invoice types, VAT categories, payment means."""

from __future__ import annotations

COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
        "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
        "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
        "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
        "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
        "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW 1A XI"
    ).split()
)
"""ISO 3166-1, with Kosovo and Northern Ireland as the code list of EN 16931 has them."""

VAT_PREFIXES = COUNTRIES | {"EL"}
"""What a VAT number may start with: Greece writes EL."""

INVOICE_TYPES = frozenset(
    (
        "71 80 81 82 83 84 102 130 202 203 204 211 218 219 261 262 295 296 308 325 326 331 380 381 382 383 384 385 386 "
        "387 388 389 390 393 394 395 396 420 456 457 458 471 472 473 500 501 502 503 527 532 553 575 623 633 751 780 "
        "817 870 875 876 877 935"
    ).split()
)
"""UNTDID 1001 as EN 16931 allows it for invoices and credit notes."""

PAYMENT_MEANS = frozenset({str(number) for number in range(1, 71)} | {"74", "75", "76", "77", "78"}) | {
    "91", "92", "93", "94", "95", "96", "97", "98", "ZZZ"
}  # fmt: skip
TRANSFERS = frozenset({"30", "58"})
"""Payment means that need an account to pay to."""

CATEGORIES = {
    "S": "S",
    "Z": "Z",
    "E": "E",
    "AE": "AE",
    "K": "IC",
    "G": "G",
    "O": "O",
    "L": "AF",
    "M": "AG",
}
"""VAT category → how its rules are named."""
TAXED = frozenset({"S", "L", "M"})
"""Categories with a rate; of the others none has tax."""
NEED_EXEMPTION = frozenset({"E", "AE", "K", "G", "O"})

CN_RATES = frozenset({"0", "0.5", "1", "1.5", "2", "3", "4", "5", "6", "9", "10", "11", "13", "16", "17"})
"""Rates of value-added tax in China, today's and former, and levy rates, in percent."""
