"""The routes. Everything but signing in and the doors for machines needs a person."""

from importlib.util import find_spec

from django.contrib.auth.decorators import login_required
from django.urls import include, path

from portal.views import cockpit, home, shell, tokens
from tenants.fresh import fresh_sign_in

urlpatterns = [
    path("", login_required(home.home), name="home"),
    path("", include("portal.accounts.urls")),
    path("language/", shell.set_language, name="set-language"),
    path("client/", login_required(shell.switch_tenant), name="switch-tenant"),
    path("tokens/", login_required(fresh_sign_in(tokens.token_list)), name="tokens"),
    path("tokens/revoke/", login_required(tokens.token_revoke), name="token-revoke"),
    path("administration/", include("portal.administration.urls")),
    path("tickets/", include("tickets.urls")),
    path("hooks/", include("tickets.hook_urls")),
    path("cockpit/", login_required(cockpit.cockpit), name="cockpit"),
    path("cockpit/together/", login_required(cockpit.take_together), name="cockpit-together"),
    path("cockpit/filters/", login_required(cockpit.save_filter), name="cockpit-filter-save"),
    path(
        "cockpit/filters/<slug:public_id>/delete/",
        login_required(cockpit.delete_filter),
        name="cockpit-filter-delete",
    ),
    path("notices/", include("tickets.notice_urls")),
    path("contracts/", include("contracts.urls")),
    path("api/", include("portal.api.urls")),
]
if find_spec("reports.urls"):  # until it exists
    urlpatterns.append(path("reports/", include("reports.urls")))

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.failed"
