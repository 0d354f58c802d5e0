"""In which language a command tells what is wrong with files. It reads the catalog itself: a command on files never
loads the web's framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from typing import Any

import click

from huikuan.core.fault_words import Translate, fault_sentence
from huikuan.core.fault_words_bank import BALANCES
from huikuan.core.money import said_in_money
from huikuan.core.refusals import DataError, Refusal
from huikuan.core.said import Fields, Said, fill

LANGUAGES = {"zh": "zh_Hans", "en": ""}
"""Languages of commands, with the folder of their catalog; English is the key."""
WARNING, MORE, ACCEPTED, NOTE = Said("warning"), Said("... and {n} more"), Said("accepted"), Said("note")


def in_language(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the option ``--lang``, of what it tells of files."""
    return click.option(
        "--lang",
        type=click.Choice([*LANGUAGES]),
        default="en",
        show_default=True,
        expose_value=False,
        callback=_keep,
        help="Of what is wrong with files.",
    )(command)


def _keep(ctx: click.Context, _option: click.Parameter, lang: str) -> None:
    ctx.meta["huikuan.lang"] = lang


def language_here() -> str:
    """The language of the command that runs."""
    ctx = click.get_current_context(silent=True)
    return "en" if ctx is None else str(ctx.meta.get("huikuan.lang") or ctx.params.get("lang") or "en")


def language_of(arguments: Sequence[str]) -> str:
    """The language that arguments of the shell ask for, when no command runs any more."""
    for at, word in enumerate(arguments):
        name, _, value = word.partition("=")
        if name == "--lang":
            found = value or next(iter(arguments[at + 1 :]), "")
            return found if found in LANGUAGES else "en"
    return "en"


@cache
def translator(lang: str) -> Translate:
    """English texts → ``lang``; a text that is not in the catalog stays as it is."""
    path = files("huikuan") / "locale" / LANGUAGES[lang] / "LC_MESSAGES" / "django.mo"
    if not LANGUAGES[lang] or not path.is_file():
        return str
    with path.open("rb") as file:
        return GNUTranslations(file).gettext


def say(said: Said, lang: str, **params: str | int) -> str:
    """A sentence with its fields."""
    fields: Fields = {**said.params, **params}
    return fill(translator(lang)(said.template), fields)


def fault_reason(fault: DataError, lang: str) -> str:
    """What is wrong, without where."""
    return fault.reason if lang == "en" else fault_sentence(fault, translator(lang))


def fault_line(fault: DataError, lang: str) -> str:
    """A fault with its place, as ``str(fault)`` says it in English."""
    column = fault.column
    if column in {place.template for place in BALANCES}:
        column = translator(lang)(column)
    where = ":".join(str(part) for part in (fault.file, fault.row, column) if part is not None)
    return f"{where}: {fault_reason(fault, lang)}"


def refusal_line(refusal: Refusal, lang: str) -> str:
    return said_in_money(refusal, translator(lang)(refusal.template))
