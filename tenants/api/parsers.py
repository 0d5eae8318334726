"""JSON as we take it: of bounded length and depth, and nothing else."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers, status

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 20


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BoundedJSONParser(parsers.BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        """
        Return what the body says.

        :raises TooLarge: if it is longer than a megabyte.
        :raises ParseError: if it is no JSON, is nested too deep, or holds NaN or Infinity.
        """
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge(_("The body is longer than %d bytes.") % MOST_BYTES)
        try:
            document = json.loads(body, parse_constant=_refuse)
            check_depth(document, MOST_DEPTH)
        except (ValueError, RecursionError):
            raise exceptions.ParseError(
                _("The body is no JSON, or is nested more than %d deep.") % MOST_DEPTH
            ) from None
        return document


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def check_depth(value: Any, left: int) -> None:
    """
    Look into lists and mappings, a level at a time.

    :raises ValueError: if something is nested deeper than `left` levels.
    """
    level = [value]
    while level := [
        inner
        for outer in level
        if isinstance(outer, list | dict)
        for inner in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        if (left := left - 1) < 0:
            raise ValueError("nested too deep")
