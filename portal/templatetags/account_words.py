"""What a browser calls itself, shortened to what a person recognises."""

import re

from django import template
from django.utils.translation import gettext as _

register = template.Library()

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
            ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip


@register.filter
def browser(agent: str) -> str:
    """Return `Firefox · Windows`; what it says of itself where that is neither."""
    name = next((name for mark, name in BROWSERS if re.search(rf"\b{mark}\w*/", agent)), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (name, system) if part) or agent[:40] or _("Unknown browser")
