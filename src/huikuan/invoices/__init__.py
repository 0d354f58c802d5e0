"""Electronic invoices: bytes → what the invoice says, and every rule it breaks. Knows no database.

One module per format: UBL and CII (EN 16931: XRechnung, Peppol BIS, ZUGFeRD/Factur-X), and the Chinese fully digital
e-invoice 数电票 as XML, OFD, PDF and the tax platform's Excel.
"""
