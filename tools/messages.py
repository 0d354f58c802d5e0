"""Brings the translation catalogs to the sources; ``--check`` says what is missing, obsolete or mistranslated.

Reads Django templates, gettext calls and the texts of refusals (``Refusal(code, text)``). English is the key.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "huikuan"
LOCALES = ("zh_Hans",)
Places = tuple[int | tuple[int, str], ...]
KEYWORDS: dict[str, Places] = {
    "_": (1,),
    "_now": (1,),  # gettext where _ is gettext_lazy
    "gettext": (1,),
    "gettext_lazy": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
REFUSALS = ("Refusal", "Conflict", "Forbidden")
SAID = "Said"
UNSTABLE = re.compile(
    rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Report-Msgid-Bugs-To):[^\n]*\n'
)
"""Header lines that change with every run or name a person."""
CODE = re.compile(r"[a-z_]+\.[a-z_]+")
FIELD = re.compile(r"%\((\w+)\)s|\{(\w+)[^{}]*\}")

Text = str | tuple[str, ...]
Key = tuple[Text, str | None]


def read_sources() -> Catalog:
    """Every message of the sources, with the files it stands in."""
    catalog = Catalog(charset="utf-8")
    for path in sorted(PACKAGE.rglob("*.html")):
        text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        _add_calls(catalog, path, text.encode(), KEYWORDS)
    for path in sorted(PACKAGE.rglob("*.py")):
        _add_calls(catalog, path, path.read_bytes(), KEYWORDS | dict.fromkeys(REFUSALS, (2,)) | {SAID: (1,)})
    for path in sorted((PACKAGE / "services").glob("*.py")):
        for text in coded_texts(path.read_text(encoding="utf-8")):
            catalog.add(text, locations=[(_place(path), 0)])
    return catalog


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def coded_texts(source: str) -> Iterator[str]:
    """Texts of refusals kept in tables: pairs of a dotted code and a sentence."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Tuple) or len(node.elts) != 2:
            continue
        code, text = (part.value if isinstance(part, ast.Constant) else None for part in node.elts)
        if isinstance(code, str) and isinstance(text, str) and CODE.fullmatch(code) and " " in text:
            yield text


def _add_calls(catalog: Catalog, path: Path, source: bytes, keywords: Mapping[str, Places]) -> None:
    found: Any = extract_python(io.BytesIO(source), list(keywords), [], {"encoding": "utf-8"})  # type: ignore[arg-type]
    for _line, function, given, _comments in found:
        picked = _pick(keywords[function], [given] if isinstance(given, str) else list(given or []))
        if picked:
            message, context = picked
            catalog.add(message, locations=[(_place(path), 0)], context=context)


def _pick(places: Places, given: Sequence[str | None]) -> Key | None:
    """The message (or singular and plural) and the context among a call's arguments; none where it is no literal."""
    context, texts = None, []
    for place in places:
        number = place[0] if isinstance(place, tuple) else place
        text = given[number - 1] if number <= len(given) else None
        if not text:
            return None
        if isinstance(place, tuple):
            context = text
        else:
            texts.append(text)
    return (texts[0] if len(texts) == 1 else tuple(texts)), context


def catalog_path(locale: str) -> Path:
    return PACKAGE / "locale" / locale / "LC_MESSAGES" / "django.po"


def read_catalog(locale: str) -> Catalog:
    path = catalog_path(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8")


def key_of(message: Message) -> Key:
    return _frozen(message.id), message.context


def _frozen(text: object) -> Text:
    """Babel's text: one form, or several."""
    return tuple(str(form) for form in text) if isinstance(text, tuple | list) else str(text or "")


def messages_of(catalog: Catalog) -> dict[Key, Message]:
    return {key_of(message): message for message in catalog if message.id}


def update(locale: str, sources: Catalog) -> int:
    """Writes the catalog anew: translations kept, what the sources no longer say dropped. Returns how many lack one."""
    known = messages_of(read_catalog(locale))
    fresh = Catalog(locale=locale, project="huikuan", charset="utf-8", fuzzy=False)
    missing = 0
    for key, message in messages_of(sources).items():
        old = known.get(key)
        text = _frozen(old.string) if old else ""
        missing += not _is_translated(text)
        fresh.add(message.id, text, locations=sorted(set(message.locations)), context=message.context)
    path = catalog_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, fresh, width=120, omit_header=False, include_lineno=False)
    stable = UNSTABLE.sub(b"", buffer.getvalue())
    path.write_bytes(re.sub(rb"\A(#[^\n]*\n)+", b"# Texts of huikuan.\n", stable))
    return missing


def faults(locale: str, sources: Catalog) -> Iterator[str]:
    """What is wrong with a catalog, a line each."""
    wanted, known = messages_of(sources), messages_of(read_catalog(locale))
    for key in wanted.keys() - known.keys():
        yield f"missing: {key[0]!r}"
    for key in known.keys() - wanted.keys():
        yield f"obsolete: {key[0]!r}"
    for key in wanted.keys() & known.keys():
        message = known[key]
        if not _is_translated(_frozen(message.string)) or message.fuzzy:
            yield f"untranslated: {key[0]!r}"
        elif not _same_fields(message):
            yield f"fields differ: {key[0]!r} → {message.string!r}"


def _is_translated(text: Text) -> bool:
    return all(text) if isinstance(text, tuple) else bool(text)


def _same_fields(message: Message) -> bool:
    """A translation names the fields of its original; a form for one thing may leave its number out."""
    originals, texts = _forms(message.id), _forms(message.string)
    named = {name for text in originals for name in _fields(text)}
    return all(_fields(text) <= named and named - {"n"} <= _fields(text) | {"n"} for text in texts)


def _forms(text: object) -> tuple[str, ...]:
    frozen = _frozen(text)
    return frozen if isinstance(frozen, tuple) else (frozen,)


def _fields(text: str) -> set[str]:
    return {first or second for first, second in FIELD.findall(text)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a catalog is not complete")
    args = parser.parse_args()
    if not settings.configured:
        settings.configure(USE_I18N=True)
    sources = read_sources()
    if args.check:
        found = [f"{locale}: {fault}" for locale in LOCALES for fault in sorted(faults(locale, sources))]
        for line in found:
            print(line, file=sys.stderr)
        return 1 if found else 0
    for locale in LOCALES:
        print(f"{locale}: {update(locale, sources)} without a translation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
