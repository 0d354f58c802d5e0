"""Templates with the shortest way give what Django's own give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Engine, Template, TemplateSyntaxError, engines
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, override

from huikuan.web.templating import FixedNode, Loader, QuickTemplate

pytestmark = pytest.mark.practice("K1")


@dataclass
class Row:
    name: str = "<Zhang & Li>"
    safe: str = field(default_factory=lambda: SafeString("<b>1</b>"))
    amount: int = 1234567
    part: Decimal = Decimal("1234.50")
    when: datetime = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    day: date = date(2026, 3, 4)
    gone: None = None
    word: Any = field(default_factory=lambda: gettext_lazy("Customers"))
    inner: dict[Any, Any] = field(default_factory=lambda: {"key": "'v'", "items": 3, "0": "zero", 1: "one"})
    several: tuple[str, ...] = ("a", "<b>")

    def method(self) -> str:
        return "<called>"

    @property
    def told(self) -> str:
        return "told"

    def erase(self) -> str:
        raise AssertionError

    erase.alters_data = True  # type: ignore[attr-defined]


SAMPLES = (
    "{{ row.name }} {{ row.safe }} {{ row.amount }} {{ row.part }} {{ row.gone }} {{ row.word }} {{ row.told }}",
    "{{ row.method }} {{ row.erase }} {{ row.several.1 }} {{ row.inner.key }} {{ row.inner.items }} {{ row.inner.0 }}",
    "{{ row.inner.1 }}{{ row.inner.no }}{{ row.no }}{{ no }}{{ no.more }}{{ row.name.upper }}{{ row.name.no }}",
    "{{ row.when|date:'Y-m-d H:i' }} {{ row.when }} {{ row.day|date:'j' }} {{ row.day }} {{ flag }} {{ 1.5 }} {{ -3 }}",
    "{{ row.name|default:'–' }} {{ row.gone|default:'<none>' }} {{ no|default:row.name }} {{ 'a<b'|upper }}",
    "{{ made }}{{ row.safe|upper }} {{ row.name|lower|safe }} {{ row.several|join:', ' }} {{ row.several|length }}",
    "{{ row.name|truncatechars:3 }} {{ row.amount|add:'2' }} {{ row.amount|add:2 }} {{ row.name|linebreaksbr }}",
    "{% autoescape off %}{{ row.name }} {{ row.amount }} {% translate 'Customers' %} {{ row.name|linebreaksbr }}"
    "{% endautoescape %}",
    "{% if no %}1{% elif no.thing or not row.gone %}2{% endif %}{% if row.amount > 3 and row.inner.key %}3{% endif %}",
    "{% for one in row.several %}{{ forloop.counter }}{{ one }}{% endfor %}{% for one in no %}{% empty %}-{% endfor %}",
    "<p title='{% translate 'Customers' %}'>{% translate 'Home' %} & {% translate 'Customers' as many %}{{ many }}</p>",
    "{% translate row.name %}{% translate 'Applied' context 'receipt' %}{% translate 'Customers' noop %}100%"
    "{% translate '5 % of it' %}",
    "{% with a=row.name b=_('Customers') %}{{ a }}{{ b }}{% endwith %}{{ _('Home') }}{% firstof no row.name %}",
    "{% blocktranslate with n=row.name %}so {{ n }}{% endblocktranslate %}{% load huikuan %}"
    "{% money row.amount 'CNY' %}{% money 0 'CNY' %}{{ autoescape }}",
)


def _engine() -> Engine:
    found: Engine = engines["django"].engine  # type: ignore[attr-defined]
    return found


def _context() -> Context:
    return Context({"row": Row(), "flag": True, "made": lambda: "<made>"})


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_what_comes_out_is_what_django_makes(sample: str, language: str) -> None:
    source, engine = "{% load i18n %}" + sample, _engine()
    with override(language):
        quick, plain = QuickTemplate(source, engine=engine), Template(source, engine=engine)
        assert [quick.render(_context()) for _ in range(2)] == [plain.render(_context())] * 2


def test_fixed_words_are_put_together_once_for_each_language() -> None:
    template = QuickTemplate("{% load i18n %}<b>{% translate 'Customers' %}</b>", engine=_engine())
    fixed = template.nodelist[-1]
    assert isinstance(fixed, FixedNode) and len(template.nodelist) == 2
    seen = {}
    for language in ("en", "zh-hans", "en"):
        with override(language):
            seen[language] = template.render(Context())
    assert seen == {"en": "<b>Customers</b>", "zh-hans": "<b>客户</b>"} and len(fixed.texts) == 2


def test_a_word_given_to_a_filter_is_in_the_language_of_who_asks() -> None:
    with override("zh-hans"):
        template = QuickTemplate("{{ no|default:_('Customers') }} {{ '<b>'|default:_('Customers') }}", engine=_engine())
        assert template.render(Context()) == "客户 <b>"
    with override("en"):
        assert template.render(Context()) == "Customers <b>"


def test_pages_are_made_of_them_and_a_fault_in_one_is_told() -> None:
    engine = _engine()
    assert isinstance(engine.template_loaders[0], Loader)
    assert isinstance(engine.get_template("layouts/page.html"), QuickTemplate)
    assert engine.get_template("layouts/page.html") is engine.get_template("layouts/page.html")
    with pytest.raises(TemplateSyntaxError, match="endif"):
        QuickTemplate("{% if row %}", engine=engine)
    with pytest.raises(TemplateSyntaxError, match="first tag"):
        QuickTemplate("{% load i18n %}{% translate 'Home' %}{% extends 'layouts/page.html' %}", engine=engine)
