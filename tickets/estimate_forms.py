"""What people type into an estimate: lines as they stand on the page, and the words around them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.domain.money import exponent_of
from contracts.domain.terms import Terms
from tickets.domain.offer import MOST, MOST_LINES, MOST_MINUTES, Line, Pricing
from tickets.models import choices
from tickets.services.offers import rates_of

FIXED = "fixed"
LANGUAGES = [("ja", "日本語"), ("en", "English"), ("vi", "Tiếng Việt")]
MINUTES_AN_HOUR = 60


@dataclass(slots=True)
class Row:
    """One line of the editor as it was typed: `work` is `L3 onshore` or `fixed`."""

    text: str = ""
    work: str = ""
    quantity: str = ""
    amount: int | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.text.strip() or self.quantity.strip())

    def content(self, terms: Terms) -> dict[str, Any]:
        """Return the line as the command takes it; what cannot be read is for it to refuse."""
        number = number_of(self.quantity)
        if self.work == FIXED or not self.work:
            scale = exponent_of(terms.currency)
            amount = None if number is None else whole(number.scaleb(scale), MOST)
            return {"text": self.text, "amount": amount}
        tier, _space, place = self.work.partition(" ")
        minutes = None if number is None else whole(number * MINUTES_AN_HOUR, MOST_MINUTES)
        return {"text": self.text, "tier": tier, "place": place, "minutes": minutes}

    def priced(self, terms: Terms) -> int | None:
        """Return what the line comes to at the contract's rates; None while it is not whole."""
        told = self.content(terms)
        if "amount" in told:
            return told["amount"]
        rate = terms.rate_for(told["tier"], told["place"] or None)
        if rate is None or not told["minutes"]:
            return None
        return Line.of_work("", told["tier"], told["place"], told["minutes"], rate).amount


def number_of(text: str) -> Decimal | None:
    """Return a plain number of at most twelve digits; None where something else was typed."""
    try:
        number = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) <= MOST else None


def whole(number: Decimal, most: int) -> int | None:
    return int(number) if number == number.to_integral_value() and 0 <= number <= most else None


class Rows:
    """The lines of the editor, with their prices and what they add up to."""

    def __init__(self, rows: list[Row], terms: Terms) -> None:
        self.rows, self.terms = rows, terms
        for row in rows:
            row.amount = row.priced(terms)

    @classmethod
    def typed(cls, data: Any, terms: Terms, *, more: bool = False) -> "Rows":
        """Return the rows of a form as they were typed, with an empty one where `more` is asked."""
        texts = data.getlist("text")[:MOST_LINES]
        works, quantities = data.getlist("work"), data.getlist("quantity")
        rows = [Row(text, at(works, i), at(quantities, i)) for i, text in enumerate(texts)]
        rows = rows or [Row()]
        if more and len(rows) < MOST_LINES:
            rows.append(Row(work=rows[-1].work))
        return cls(rows, terms)

    @classmethod
    def stored(cls, lines: Iterable[Line], terms: Terms) -> "Rows":
        return cls([typed_as(line, terms) for line in lines], terms)

    @classmethod
    def empty(cls, terms: Terms) -> "Rows":
        return cls([Row(work=next(iter(rates_of(terms)), FIXED))], terms)

    @property
    def options(self) -> list[tuple[str, str]]:
        return [*((name, name) for name in rates_of(self.terms)), (FIXED, str(_("Fixed amount")))]

    @property
    def total(self) -> int:
        return sum(row.amount or 0 for row in self.rows)

    def content(self) -> list[Mapping[str, Any]]:
        return [row.content(self.terms) for row in self.rows if not row.is_empty]


def at(values: list[str], index: int) -> str:
    return values[index] if index < len(values) else ""


def typed_as(line: Line, terms: Terms) -> Row:
    if line.is_work:
        hours = Decimal(line.minutes) / MINUTES_AN_HOUR
        return Row(line.text, f"{line.tier} {line.place}".strip(), f"{hours.normalize():f}")
    amount = Decimal(line.amount).scaleb(-exponent_of(terms.currency))
    return Row(line.text, FIXED, f"{amount:f}")


def words(label: Any, **told: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        **told,
    )


class EstimateForm(forms.Form):
    """The words, dates and the limit of an estimate; its lines are `Rows`."""

    pricing = forms.ChoiceField(
        label=_("Price"), choices=choices.Pricing.choices, widget=forms.RadioSelect
    )
    not_to_exceed = forms.DecimalField(
        label=_("Not to exceed"),
        required=False,
        min_value=1,
        max_value=MOST,
        help_text=_("Of time and material. Left empty it is what the lines add up to."),
    )
    delivery_on = forms.DateField(
        label=_("Delivery on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Once accepted this is the deadline of the work."),
    )
    language = forms.ChoiceField(label=_("Language of the client"), choices=LANGUAGES)
    assumptions = words(_("Assumptions"))
    exclusions = words(_("Not included"))
    date_effect = words(_("Effect on other dates"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, terms: Terms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.terms = terms
        label = f"{_('Not to exceed')} ({terms.currency})"
        self.fields["not_to_exceed"].label = label
        self.fields["not_to_exceed"].widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def content(self) -> dict[str, Any]:
        """Return what the commands take; money in minor units."""
        told = dict(self.cleaned_data)
        told.pop("version", None)
        limit = told["not_to_exceed"]
        if told["pricing"] == Pricing.FIXED or limit is None:
            told["not_to_exceed"] = None
        else:
            told["not_to_exceed"] = int(limit.scaleb(exponent_of(self.terms.currency)))
        return told
