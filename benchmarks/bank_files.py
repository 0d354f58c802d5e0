# ruff: noqa: E501 - lines of the files as they are written
"""How fast and in how much memory bank files are read: a million lines in each format that is streamed.

``python -m benchmarks.bank_files [LINES]`` writes the files to a temporary folder, reads each in a process of its own and
prints processor time and peak memory; beside it the time of only going over the file (its lines, or
the entries of its XML), the least there can be. The files are made by us; texts and amounts vary, balances tie.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_READ = """
import resource, sys, time
from pathlib import Path
from huikuan.bank.collecting import Collection
from huikuan.bank.source import Options, Source
path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
collection = Collection([Source(path.name, path=path)], Options())
for _ in collection.lines():
    pass
collection.raise_if_any()
assert collection.booked == int(sys.argv[2]) and not collection.overlaps
seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
if path.suffix == ".053":
    from lxml import etree
    for _, element in etree.iterparse(str(path), events=("end",), tag="{*}Ntry"):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
else:
    with path.open(encoding="utf-8") as stream:
        for _ in stream:
            pass
print(seconds, before, peak, time.process_time() - start)
"""


def _facts(lines: int) -> Iterator[tuple[int, str, int]]:
    """Number, day as YYYYMMDD and cents of each line."""
    for number in range(lines):
        yield number, f"2026{number * 12 // lines + 1:02d}{number % 28 + 1:02d}", number * 37 % 1_000_000 + 1


def csv_file(lines: int) -> Iterator[str]:
    yield "账号：,31050100000000012345\n"
    yield "交易日期,收入金额,支出金额,账户余额,对方户名,对方账号,摘要,交易流水号\n"
    balance = 0
    for number, day, cents in _facts(lines):
        balance += cents
        yield f"{day},{cents // 100}.{cents % 100:02d},,{balance // 100}.{balance % 100:02d},客户{number % 5000},6222{number:08d},货款INV{number},S{number}\n"


def mt940_file(lines: int) -> Iterator[str]:
    yield ":20:STMT\n:25:50880050/0194774600888\n:28C:1/1\n:60F:C260101EUR0,\n"
    total = 0
    for number, day, cents in _facts(lines):
        total += cents
        yield f":61:{day[2:]}{day[4:]}C{cents // 100},{cents % 100:02d}NTRFNONREF//B{number:010d}\n"
        yield f":86:166?00GUTSCHRIFT?20EREF+E{number}?21SVWZ+RE {number}?30DRESDEFF508?31DE1450880050019{number:07d}?32KUNDE {number % 5000}\n"
    yield f":62F:C261231EUR{total // 100},{total % 100:02d}\n-\n"


def camt_file(lines: int) -> Iterator[str]:
    total = sum(cents for _, _, cents in _facts(lines))
    yield '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
    yield "<Stmt><Id>S</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
    for code, cents in (("OPBD", 0), ("CLBD", total)):
        yield f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt>'
        yield "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-12-31</Dt></Dt></Bal>\n"
    for number, day, cents in _facts(lines):
        yield f'<Ntry><Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        yield f"<BookgDt><Dt>{day[:4]}-{day[4:6]}-{day[6:]}</Dt></BookgDt><AcctSvcrRef>B{number}</AcctSvcrRef>"
        yield f"<NtryDtls><TxDtls><Refs><EndToEndId>E{number}</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>Kunde {number % 5000}"
        yield "</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>RE"
        yield f" {number}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    yield "</Stmt></BkToCstmrStmt></Document>\n"


def bai2_file(lines: int) -> Iterator[str]:
    total = sum(cents for _, _, cents in _facts(lines))
    yield f"01,1,1,261231,0000,1,,,2/\n02,1,1,1,261231,,USD,2/\n03,123456,USD,010,0,,,015,{total},,/\n"
    for number, _, cents in _facts(lines):
        yield f"16,142,{cents},Z,B{number},C{number},CUSTOMER {number % 5000} INV {number}\n"
    yield f"49,{2 * total},{lines + 2}/\n98,{2 * total},1,{lines + 4}/\n99,{2 * total},1,{lines + 6}/\n"


def ofx_file(lines: int) -> Iterator[str]:
    yield "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>\n"
    yield "<CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>123456</BANKACCTFROM><BANKTRANLIST>\n"
    for number, day, cents in _facts(lines):
        yield f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>{day}<TRNAMT>{cents // 100}.{cents % 100:02d}<FITID>{number}"
        yield f"<NAME>CUSTOMER {number % 5000}<MEMO>INV {number}</STMTTRN>\n"
    yield "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"


FORMATS = {
    "csv": csv_file,
    "mt940": mt940_file,
    "camt.053": camt_file,
    "bai2": bai2_file,
    "ofx": ofx_file,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("lines", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--only", choices=sorted(FORMATS))
    asked = parser.parse_args()
    print("| format | file | processor time | lines a second | peak memory | going over it | of that |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="huikuan-bank-") as folder:
        for name, make in FORMATS.items():
            if asked.only in {None, name}:
                path = Path(folder) / f"big.{name}"
                with path.open("w", encoding="utf-8") as stream:
                    stream.writelines(make(asked.lines))
                done = subprocess.run(
                    [sys.executable, "-c", _READ, str(path), str(asked.lines)],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    sys.exit(done.stderr)
                seconds, _, peak, plain = map(float, done.stdout.split())
                size = path.stat().st_size / (1 << 20)
                speed = asked.lines / seconds
                print(
                    f"| {name} | {size:,.0f} MiB | {seconds:.1f} s | {speed:,.0f} | {peak / 1024:,.0f} MiB"
                    f" | {plain:.1f} s | {seconds / plain:.0f} × |",
                    flush=True,
                )
                path.unlink()


if __name__ == "__main__":
    main()
