"""The client's purchase order as a file: with the acceptance, for whoever sees the estimate's money."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.client import V1, Api
from tests.portal.desk import browser_of, desk_of
from tests.tickets.test_estimate_pages import SENT, on_the_way
from tickets import services
from tickets.models import EstimateAcceptance, PurchaseOrderFile
from tickets.services.attachments import path_of, remove_orphans

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

ORDER = b"%PDF-1.7 one tax form"


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    settings.ATTACHMENTS_DIR = tmp_path


@pytest.fixture
def desk(acme):
    return desk_of(acme)


@pytest.fixture
def sent(desk):
    return on_the_way(desk, *SENT)


def pdf(name: str = "PO-9.pdf", content: bytes = ORDER) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def seen(estimate) -> dict:
    return {"revision": 1, "amount": estimate.amount, "purchase_order": "PO-9"}


def recorded(desk, estimate, *uploads):
    """Record the order as the account manager's page does."""
    url = f"/tickets/estimates/{estimate.public_id}/order/"
    browser = browser_of(desk.people["account_manager"])
    return browser.post(url, {**seen(estimate), "files": list(uploads)})


def files_of(desk) -> list[PurchaseOrderFile]:
    with tenant_scope(desk.tenant):
        return list(PurchaseOrderFile.objects.select_related("acceptance", "by"))


class TestRecording:
    def test_keeps_the_file_with_the_acceptance(self, desk, sent, tmp_path):
        assert recorded(desk, sent, pdf()).status_code == 302

        (row,) = files_of(desk)
        assert (row.name, row.size, row.acceptance.purchase_order) == ("PO-9.pdf", 21, "PO-9")
        assert row.by == desk.people["account_manager"]
        path = path_of(desk.tenant.pk, row.key)
        assert path.read_bytes() == ORDER
        assert "PO-9" not in str(path)
        with tenant_scope(desk.tenant):
            event = AuditEvent.objects.get(verb="estimate.order_attached")
        assert (event.data["name"], event.data["purchase_order"]) == ("PO-9.pdf", "PO-9")
        assert event.data["sha256"] == row.sha256

    def test_needs_no_file(self, desk, sent):
        assert recorded(desk, sent).status_code == 302
        assert files_of(desk) == []

    @pytest.mark.parametrize(("name", "content"), [("PO.exe", b"MZ"), ("PO.pdf", b"")])
    def test_of_what_may_not_be_attached_accepts_nothing(self, desk, sent, name, content):
        answer = recorded(desk, sent, pdf(name, content))

        assert answer.status_code == 422
        assert name in answer.text
        assert 'value="PO-9"' in answer.text  # what was typed stays
        with tenant_scope(desk.tenant):
            assert not EstimateAcceptance.objects.exists()

    def test_of_too_many_files_accepts_nothing(self, desk, sent, settings):
        settings.ATTACHMENTS_MOST_FILES = 1

        assert recorded(desk, sent, pdf(), pdf("b.pdf")).status_code == 422
        assert files_of(desk) == []

    def test_counts_in_the_clients_share_of_the_disk(self, desk, sent, settings):
        settings.ATTACHMENTS_TENANT_BYTES = 30
        recorded(desk, sent, pdf())
        file = services.store_file(pdf(), tenant_id=desk.tenant.pk)
        with tenant_scope(desk.tenant), pytest.raises(Invalid, match="full"):
            attach(desk, sent, file)

    def test_by_a_service_owner_takes_no_file(self, desk, sent):
        owner = desk.people["service_owner"]
        with tenant_scope(desk.tenant), pytest.raises(Invalid):
            services.accept_estimate(
                estimate=sent, actor=owner, revision=1, amount=sent.amount, now=timezone.now(),
                files=[services.store_file(pdf(), tenant_id=desk.tenant.pk)],
            )  # fmt: skip

    def test_keeps_the_file_from_the_sweep_of_orphans(self, desk, sent):
        recorded(desk, sent, pdf())
        with tenant_scope(desk.tenant):
            assert remove_orphans(desk.tenant.pk, before=timezone.now().timestamp() + 60) == 0


def attach(desk, estimate, *files, role: str = "account_manager"):
    actor = desk.people[role]
    return services.attach_order(estimate=estimate, actor=actor, files=files, now=timezone.now())


class TestAttachingLater:
    def test_is_on_the_page_once_an_order_is_recorded(self, desk, sent):
        url = f"/tickets/estimates/{sent.public_id}/"
        browser = browser_of(desk.people["account_manager"])
        assert "order-file" not in browser.get(url).text
        recorded(desk, sent)
        assert "order-file" in browser.get(url).text

        assert browser.post(f"{url}order-file/", {"files": pdf()}).status_code == 302

        page = browser.get(url).text
        assert "PO-9.pdf" in page
        assert "Purchase order attached" in page

    def test_without_a_file_says_so(self, desk, sent):
        recorded(desk, sent)
        browser = browser_of(desk.people["account_manager"])
        answer = browser.post(f"/tickets/estimates/{sent.public_id}/order-file/")

        assert answer.status_code == 422
        assert "Choose the file of the purchase order." in answer.text

    def test_is_an_account_managers(self, desk, sent):
        recorded(desk, sent)
        file = services.store_file(pdf(), tenant_id=desk.tenant.pk)
        with tenant_scope(desk.tenant), pytest.raises(NotPermitted):
            attach(desk, sent, file, role="bridge_se")
        for role in ("bridge_se", "service_owner"):
            browser = browser_of(desk.people[role])
            url = f"/tickets/estimates/{sent.public_id}/order-file/"
            assert browser.post(url, {"files": pdf()}).status_code == 403
        assert files_of(desk) == []

    def test_needs_an_order(self, desk):
        estimate = on_the_way(desk, *SENT, "accept")
        with tenant_scope(desk.tenant), pytest.raises(Refused):
            attach(desk, estimate, services.store_file(pdf(), tenant_id=desk.tenant.pk))

    def test_by_the_api(self, desk, sent):
        recorded(desk, sent)
        api = Api(desk.people["account_manager"])
        url = f"{V1}estimates/{sent.public_id}/order-file/"
        answer = super(Api, api).post(url, {"files": pdf()})

        (told,) = answer.json()["purchase_orders"]
        assert (told["number"], told["revision"]) == ("PO-9", 1)
        (file,) = told["files"]
        assert (file["name"], file["size"]) == ("PO-9.pdf", 21)
        download = api.get(f"order-files/{file['id']}/")
        assert download.getvalue() == ORDER
        assert download.headers["Content-Disposition"] == 'attachment; filename="PO-9.pdf"'


class TestDownload:
    @pytest.fixture
    def address(self, desk, sent) -> str:
        recorded(desk, sent, pdf("PO.html.pdf", b"<script>"))
        (row,) = files_of(desk)
        return f"/tickets/orders/{row.public_id}/"

    @pytest.mark.parametrize("role", ["account_manager", "bridge_se", "service_owner"])
    def test_is_for_whoever_sees_the_estimates_money_and_is_never_shown(self, desk, address, role):
        answer = browser_of(desk.people[role]).get(address)

        assert answer.getvalue() == b"<script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_never_was_for_a_requester(self, desk, address):
        assert browser_of(desk.people["requester"]).get(address).status_code == 404

    def test_never_was_for_another_client(self, desk, address, globex):
        stranger = desk_of(globex).people["account_manager"]
        public_id = address.split("/")[3]

        assert browser_of(stranger).get(address).status_code == 404
        assert Api(stranger).get(f"order-files/{public_id}/").status_code == 404
