"""A table as a CSV file that spreadsheets open rightly, and in which nothing is a formula."""

import csv
import io
from collections.abc import Iterable

from django.http import HttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, head: list[str], rows: Iterable[list[str]]) -> HttpResponse:
    """Return the file, UTF-8 with its mark, every cell as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([plain(cell) for cell in row] for row in rows)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def plain(cell: str) -> str:
    """Return the cell with a quote in front where a spreadsheet would compute it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
