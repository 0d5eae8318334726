"""Administration: clients and people, background work, the audit."""

from django.contrib.auth.decorators import login_required
from django.urls import path, register_converter

from portal.administration import audit, clients, jobs, limits, people


class CodeConverter:
    regex = r"[A-Z][A-Z0-9]{1,11}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "client_code")

app_name = "administration"
urlpatterns = [
    path("", login_required(clients.client_list), name="clients"),
    path("new/", login_required(clients.new_client), name="new-client"),
    path("clients/<client_code:code>/", login_required(clients.client), name="client"),
    path("clients/<client_code:code>/invite/", login_required(people.invite), name="invite"),
    path(
        "invitations/<slug:public_id>/withdraw/", login_required(people.withdraw), name="withdraw"
    ),
    path("members/<slug:public_id>/", login_required(people.member), name="member"),
    path("members/<slug:public_id>/leave/", login_required(people.deactivate), name="deactivate"),
    path("members/<slug:public_id>/limit/", login_required(limits.set_limit), name="limit"),
    path("audit/", login_required(audit.audit_page), name="audit"),
    path("audit.csv", login_required(audit.audit_csv), name="audit-csv"),
    path("jobs/", login_required(jobs.job_list), name="jobs"),
    path("jobs/<slug:public_id>/retry/", login_required(jobs.retry), name="retry"),
]
