"""The routes of reports: the list, one report with its files and steps, a contract's month."""

from django.contrib.auth.decorators import login_required
from django.urls import path, register_converter

import tickets.urls  # noqa: F401 - registers the converter of ticket keys
from reports.converters import MonthConverter
from reports.views import downloads, incidents, life, listing, pages
from tenants.fresh import fresh_sign_in

register_converter(MonthConverter, "month")

app_name = "reports"
urlpatterns = [
    path("", login_required(pages.report_list), name="list"),
    path("run/", login_required(pages.report_run), name="run"),
    path("draft/<slug:contract>/<month:month>/", login_required(pages.report_draft), name="draft"),
    path(
        "draft/<slug:contract>/<month:month>/so-far/",
        login_required(pages.so_far),
        name="so_far",
    ),
    path(
        "close/<slug:contract>/<month:month>/",
        login_required(fresh_sign_in(life.close)),
        name="close",
    ),
    path("remarks/<slug:public_id>/answer/", login_required(life.answer), name="answer"),
    path("incidents/<ticket_key:key>/", login_required(incidents.incident_page), name="incident"),
    path(
        "incidents/<ticket_key:key>/draft/",
        login_required(incidents.incident_draft),
        name="incident_draft",
    ),
    path(
        "incidents/<ticket_key:key>/edit/",
        login_required(incidents.incident_edit),
        name="incident_edit",
    ),
    path(
        "incidents/<ticket_key:key>/issue/",
        login_required(incidents.incident_issue),
        name="incident_issue",
    ),
    path(
        "incidents/<ticket_key:key>/pdf/",
        login_required(incidents.incident_file),
        name="incident_file",
    ),
    path("<slug:public_id>/", login_required(pages.report_page), name="page"),
    path("<slug:public_id>/tickets/", login_required(listing.report_tickets), name="tickets"),
    path("<slug:public_id>/changes/", login_required(pages.report_changes), name="changes"),
    path(
        "<slug:public_id>/sign/",
        login_required(fresh_sign_in(life.step_of(life.SIGN))),
        name="sign",
    ),
    path("<slug:public_id>/remark/", login_required(life.step_of(life.REMARK)), name="remark"),
    path(
        "<slug:public_id>/correct/",
        login_required(fresh_sign_in(life.step_of(life.REISSUE))),
        name="reissue",
    ),
    path("<slug:public_id>/report.xlsx", login_required(downloads.report_xlsx), name="xlsx"),
    path("<slug:public_id>/facts.json", login_required(downloads.report_json), name="json"),
    path("<slug:public_id>/pdf/<slug:language>/", login_required(downloads.report_pdf), name="pdf"),
    path("<slug:public_id>/csv/<slug:table>/", login_required(downloads.report_csv), name="csv"),
]
