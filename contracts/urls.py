"""The routes of contracts, each by its public id; the flowchart's is `tickets:flow`."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from contracts.views import calendars, coverage, drafts, editor, lists, page, versions

app_name = "contracts"
urlpatterns = [
    path("", login_required(lists.contract_list), name="list"),
    path("calendar/", login_required(calendars.month_page), name="calendar"),
    path("<slug:public_id>/", login_required(page.contract_page), name="page"),
    path("<slug:public_id>/coverage/", login_required(coverage.contract_coverage), name="coverage"),
    path("<slug:public_id>/versions/", login_required(versions.contract_versions), name="versions"),
    path("<slug:public_id>/amend/", login_required(drafts.amend), name="amend"),
    path(
        "<slug:public_id>/versions/<int:number>/edit/",
        login_required(editor.edit),
        name="edit",
    ),
    path(
        "<slug:public_id>/versions/<int:number>/yaml/",
        login_required(drafts.whole_document),
        name="yaml",
    ),
    path(
        "<slug:public_id>/versions/<int:number>/terms.yaml",
        login_required(drafts.terms_file),
        name="terms_file",
    ),
]
