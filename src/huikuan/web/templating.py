"""Django's templates with the shortest way through what a page has hundreds of: fixed words, plain fields of a row.

What comes out is what Django's own nodes give; whatever is not plain is left to them. Three things are shorter: fixed
text between translated words is put together once for each language; a field of a row is read without first trying it
as a key, and one that is not there without an exception that nobody sees; text and whole numbers are not first asked
whether they are dates. With ``DEBUG`` templates are Django's own, for the sake of its error pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.base import (
    FilterExpression,
    Lexer,
    Node,
    NodeList,
    Parser,
    Template,
    TextNode,
    Token,
    Variable,
    VariableNode,
    render_value_in_context,
)
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.utils.functional import Promise
from django.utils.safestring import SafeData, SafeString
from django.utils.translation import get_language

_MISSING = object()
_UNSURE = object()


def read_field(context: Any, way: tuple[str, ...]) -> Any:
    """What ``{{ row.name }}`` stands for. ``_MISSING`` where the context has no such name; ``_UNSURE`` where the way is
    not plain and Django has to find out."""
    first = way[0]
    for layer in reversed(context.dicts):
        if first in layer:
            value = layer[first]
            break
    else:
        return _UNSURE if hasattr(context, first) else _MISSING
    if callable(value):
        return _UNSURE
    for bit in way[1:]:
        kind = type(value)
        try:
            if kind is dict:
                value = value[bit]
            elif hasattr(kind, "__getitem__"):
                return _UNSURE
            else:
                value = getattr(value, bit)
        except (AttributeError, KeyError, TypeError):
            return _UNSURE
        if callable(value):
            return _UNSURE
    return value


Step = tuple[Callable[..., Any], tuple[Any, ...] | None, tuple[tuple[bool, Any], ...], bool, bool]


def _safe(args: Iterable[tuple[bool, Any]]) -> tuple[Any, ...]:
    return tuple(SafeString(arg) for _, arg in args)


def _given(args: Iterable[tuple[bool, Any]], context: Any) -> list[Any]:
    """What a filter is given; a word of ours (``default:_("System")``) is in the language of who asks."""
    return [arg.resolve(context) if lookup else SafeString(arg) for lookup, arg in args]


class QuickExpression(FilterExpression):
    """A field with its filters."""

    __slots__ = ("steps", "way")

    def __init__(self, token: str, parser: Parser) -> None:
        super().__init__(token, parser)
        var: Any = self.var
        named = isinstance(var, Variable) and var.lookups is not None and not var.translate
        dated = any(getattr(func, "expects_localtime", False) for func, _ in self.filters)
        self.way: tuple[str, ...] | None = tuple(var.lookups) if named and not dated else None
        self.steps: tuple[Step, ...] = tuple(
            (
                func,
                None if any(lookup or isinstance(arg, Promise) for lookup, arg in args) else _safe(args),
                tuple(args),
                getattr(func, "needs_autoescape", False),
                getattr(func, "is_safe", False),
            )
            for func, args in self.filters
        )

    def resolve(self, context: Any, ignore_failures: bool = False) -> Any:
        value = _UNSURE if self.way is None else read_field(context, self.way)
        if value is _MISSING:
            value = None if ignore_failures else context.template.engine.string_if_invalid or ""
            if value:
                value = _UNSURE
        if value is _UNSURE:
            return super().resolve(context, ignore_failures)
        for func, fixed, args, autoescape, is_safe in self.steps:
            given = fixed if fixed is not None else _given(args, context)
            found = func(value, *given, autoescape=context.autoescape) if autoescape else func(value, *given)
            safe = is_safe and isinstance(value, SafeData) and not hasattr(found, "__html__")
            value = SafeString(found) if safe else found
        return value


class QuickVariableNode(VariableNode):
    def render(self, context: Any) -> str:
        try:
            value = self.filter_expression.resolve(context)
        except UnicodeDecodeError:
            return ""
        kind = type(value)
        if context.autoescape:
            if kind is str:
                return escape(value)
            if kind is SafeString:
                return str(value)
            if kind is int and not settings.USE_THOUSAND_SEPARATOR:
                return str(value)
        return str(render_value_in_context(value, context))


class FixedNode(Node):
    """Text and translated words that are the same whoever asks: put together once for each language."""

    child_nodelists = ()

    def __init__(self, parts: list[Node]) -> None:
        self.parts = parts
        self.texts: dict[tuple[str | None, bool], str] = {}

    def render(self, context: Any) -> str:
        key = (get_language(), context.autoescape)
        text = self.texts.get(key)
        if text is None:
            text = self.texts[key] = "".join(str(part.render_annotated(context)) for part in self.parts)
        return text


def is_fixed(node: Node) -> bool:
    """Whether a node is ``{% translate %}`` of a text that stands in the template."""
    if type(node) is not TranslateNode or node.asvar or node.noop:
        return False
    words: Any = (node.filter_expression, node.message_context)
    return all(
        one is None or (not one.filters and (not one.is_var or isinstance(one.var.literal, str))) for one in words
    )


class QuickParser(Parser):
    def compile_filter(self, token: str) -> FilterExpression:
        return QuickExpression(token, self)

    def extend_nodelist(self, nodelist: NodeList, node: Node, token: Token) -> None:
        if type(node) is VariableNode:
            node = QuickVariableNode(node.filter_expression)
        fixed = is_fixed(node)
        if not fixed and type(node) is not TextNode:
            super().extend_nodelist(nodelist, node, token)
            return
        last = nodelist[-1] if nodelist else None
        if isinstance(last, FixedNode):
            last.parts.append(node)
        elif not fixed:
            super().extend_nodelist(nodelist, node, token)
        else:
            before = [nodelist.pop()] if type(last) is TextNode else []
            super().extend_nodelist(nodelist, FixedNode([*before, node]), token)


class QuickTemplate(Template):
    def compile_nodelist(self) -> NodeList:
        if self.engine.debug:
            return super().compile_nodelist()
        tokens = Lexer(self.source).tokenize()
        parser = QuickParser(tokens, self.engine.template_libraries, self.engine.template_builtins, self.origin)
        nodelist = parser.parse()
        self.extra_data = parser.extra_data
        return nodelist


class _Making(base.Loader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """As Django's, which names its own class of templates."""
        tried: list[Any] = []
        for origin in self.get_template_sources(template_name):
            if skip is not None and origin in skip:
                tried.append((origin, "Skipped to avoid recursion"))
                continue
            try:
                contents = self.get_contents(origin)  # type: ignore[attr-defined]
            except TemplateDoesNotExist:
                tried.append((origin, "Source does not exist"))
                continue
            return QuickTemplate(str(contents), origin, template_name, self.engine)
        raise TemplateDoesNotExist(template_name, tried=tried)


class Loader(cached.Loader, _Making):
    """Django's keeping loader; what it keeps are quick templates."""
