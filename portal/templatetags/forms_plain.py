"""One field of a form as Bootstrap draws it: label, control, help, errors, tied together for readers."""

from django import forms, template
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.inclusion_tag("components/_field.html")
def field(bound: forms.BoundField, extra: str = "") -> dict[str, object]:
    """Draw a bound field; `extra` adds classes to its block."""
    widget = bound.field.widget
    group = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    check = isinstance(widget, forms.CheckboxInput)
    style = "form-select" if isinstance(widget, forms.Select) and not group else "form-control"
    classes = "" if group else "form-check-input" if check else style
    classes += " is-invalid" if bound.errors else ""
    control = "" if group else drawn(bound, classes.strip())
    optional = not bound.field.required and extra not in {"bare", "ask"}
    return {
        "field": bound, "control": control, "group": group, "check": check, "extra": extra,
        "optional": optional,
    }  # fmt: skip


def drawn(bound: forms.BoundField, classes: str) -> SafeString:
    """Return the control. A list to choose from is written here: Django draws each choice apart."""
    attributes = {"class": classes}
    if type(bound.field.widget) is not forms.Select:
        return bound.as_widget(attrs=attributes)
    attributes = bound.build_widget_attrs(attributes) | {"id": bound.auto_id}
    widget = bound.field.widget
    told = widget.get_context(bound.html_name, bound.value(), attributes)["widget"]
    if any(group for group, _choices, _index in told["optgroups"]):
        return bound.as_widget(attrs={"class": classes})
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (one["value"], flatatt(one["attrs"]), one["label"])
            for _group, choices, _index in told["optgroups"]
            for one in choices
        ),
    )
    return format_html(
        '<select name="{}"{}>{}</select>', told["name"], flatatt(told["attrs"]), options
    )
