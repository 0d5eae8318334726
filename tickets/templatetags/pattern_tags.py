"""Small helps of the pages of patterns. No queries."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.domain.recurrence import Fix

register = template.Library()


@register.filter
def fix_source(fix: Fix) -> str:
    """Say how the price of a fix is known."""
    if fix.source == "estimate":
        return _("By its estimate")
    if fix.source == "unknown":
        return _("Too few fixes to tell a price")
    text = ngettext("The middle of %(n)d fix", "The middle of %(n)d fixes", fix.sample)
    return text % {"n": fix.sample}
