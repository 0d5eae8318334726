"""The reference of the API as a page: Swagger UI from its package, under our strict policy."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation with its example; what is tried here is done, as this person."""
    return render(request, "api/docs.html")
