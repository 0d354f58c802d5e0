"""Vouchers for DATEV: a Buchungsstapel in the DATEV format (EXTF 700, category 21, format version 13).

Windows-1252, semicolons, CRLF: a header of 31 fields, the 125 headings, then bookings of account against contra
account. A voucher of several lines becomes several bookings: debits are paired with credits in order until both are
used up. Amounts are in the currency of the books; another currency is named in the additional information.
"""

from __future__ import annotations

from collections.abc import Iterator

from huikuan.core.gl import Voucher, VoucherFile, VoucherLine
from huikuan.letters.gl_checks import Checker

HEADINGS: tuple[str, ...] = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz",
    "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto",
    "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre",
    "Beleglink",
    *(f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID", "EU-Steuersatz",
    "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    *(f"Zusatzinformation - {what} {number}" for number in range(1, 21) for what in ("Art", "Inhalt")),
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp",
    "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz",
    "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer",
    "Identifikationsnummer", "Zeichnernummer", "Postensperre bis", "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit",
    "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position",
    "EU-Mitgliedstaat u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip
_AT = {name: place for place, name in enumerate(HEADINGS)}
_REFERENCE_SIGNS = "$&%*+-/"
_AMOUNT_MAX = 10**12


def write(file: VoucherFile) -> bytes:
    """Refuses ``data.refused``: accounts that are no numbers of the right length, document numbers with other signs
    than DATEV takes, texts Windows-1252 has not."""
    check = Checker(file, "cp1252")
    lines = [";".join(_header(check, file)), ";".join(f'"{name}"' for name in HEADINGS)]
    for voucher in file.vouchers:
        for debit, credit, minor in pairs(voucher):
            lines.append(";".join(_booking(check, file, voucher, debit, credit, minor)))
    check.raise_if_any()
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def pairs(voucher: Voucher) -> Iterator[tuple[VoucherLine, VoucherLine, int]]:
    """Debit line, credit line and the part of the books' amount they share; an account against itself is left out."""
    credits_ = [line for line in voucher.lines if line.credit_base]
    place, there = 0, credits_[0].credit_base if credits_ else 0
    for debit in voucher.lines:
        left = debit.debit_base
        while left:
            part = min(left, there)
            if debit.code != credits_[place].code:
                yield debit, credits_[place], part
            left, there = left - part, there - part
            if not there and place + 1 < len(credits_):
                place += 1
                there = credits_[place].credit_base


def _header(check: Checker, file: VoucherFile) -> list[str]:
    options = file.options
    start = int(options["fiscal_year_start"])
    year = file.month.year if file.month.month >= start else file.month.year - 1
    title = check.text(None, "Bezeichnung", f"huikuan {file.month:%Y-%m}/{file.number}", 30)
    created = f"{file.made_at:%Y%m%d%H%M%S}{file.made_at.microsecond // 1000:03}"
    return [
        '"EXTF"', "700", "21", '"Buchungsstapel"', "13", created, "", '"HK"', '"huikuan"', '""',
        options["consultant"], options["mandate"], f"{year}{start:02}01", options["account_length"],
        f"{file.month:%Y%m%d}", f"{file.last_day:%Y%m%d}", f'"{title}"', '""', "1", "0", "0", f'"{file.base}"',
        "", '""', "", "", '""', "", "", '""', '""',
    ]  # fmt: skip


def _booking(
    check: Checker, file: VoucherFile, voucher: Voucher, debit: VoucherLine, credit: VoucherLine, minor: int
) -> list[str]:
    row = [""] * len(HEADINGS)
    if minor >= _AMOUNT_MAX:
        check.fault(voucher, HEADINGS[0], "gl.too_long", "the amount has more than ten digits")
    row[0] = check.amount(voucher, HEADINGS[0], minor, file.base, 2).replace(".", ",")
    row[1] = '"S"'
    row[2] = f'"{file.base}"'
    row[_AT["Konto"]] = _account(check, file, voucher, "Konto", debit.code)
    row[_AT["Gegenkonto (ohne BU-Schlüssel)"]] = _account(check, file, voucher, "Gegenkonto", credit.code)
    row[_AT["Belegdatum"]] = f"{voucher.day:%d%m}"
    row[_AT["Belegfeld 1"]] = _quoted(
        check.text(voucher, "Belegfeld 1", voucher.reference, 36, allowed=_REFERENCE_SIGNS)
    )
    row[_AT["Buchungstext"]] = _quoted(check.text(voucher, "Buchungstext", voucher.text, 60))
    row[_AT["KOST1 - Kostenstelle"]] = _quoted(check.text(voucher, "KOST1", debit.region or credit.region, 36))
    row[_AT["KOST2 - Kostenstelle"]] = _quoted(check.text(voucher, "KOST2", debit.product or credit.product, 36))
    if voucher.currency != file.base:
        row[_AT["Zusatzinformation - Art 1"]] = '"Währung"'
        row[_AT["Zusatzinformation - Inhalt 1"]] = f'"{voucher.currency}"'
    if rep := debit.sales_rep or credit.sales_rep:
        row[_AT["Zusatzinformation - Art 2"]] = '"Vertreter"'
        row[_AT["Zusatzinformation - Inhalt 2"]] = _quoted(check.text(voucher, "Zusatzinformation", rep, 210))
    return row


def _account(check: Checker, file: VoucherFile, voucher: Voucher, field: str, code: str) -> str:
    """General-ledger accounts have the entity's length, personal accounts one digit more."""
    length = int(file.options["account_length"])
    if not (code.isascii() and code.isdigit()) or not 1 <= len(code.lstrip("0")) <= length + 1:
        reason = f"{code!r} is not a number of at most {length + 1} digits"
        check.fault(voucher, field, "gl.bad_account", reason, code)
    return code


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""
