"""One field of a form as Bootstrap draws it: label, control, help, errors, tied together for readers."""

from django import forms, template

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
    control = "" if group else bound.as_widget(attrs={"class": classes.strip()})
    optional = not bound.field.required and extra not in {"bare", "ask"}
    return {
        "field": bound, "control": control, "group": group, "check": check, "extra": extra,
        "optional": optional,
    }  # fmt: skip
