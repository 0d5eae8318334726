"""An incident's frozen facts as the reader reads them. No queries."""

from django import template

from reports.incident_words import moment_text, side_word

register = template.Library()
register.filter(moment_text)
register.filter(side_word)
