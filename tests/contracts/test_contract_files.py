"""Contracts as files: checked, imported, amended, exported, and refused with every reason."""

import re
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from contracts import checking, services, terms_yaml
from contracts.checking import GapsNotAccepted, TermsNotClean
from contracts.models import Contract, ContractVersion
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.contracts.domain.sample import document
from tests.contracts.domain.test_scope import DEMO
from tests.contracts.test_services import NOW

DAY = date(2026, 4, 1)
EXAMPLES = [
    {
        "title": "An incident on the shop",
        "given": {
            "activity": "incident_response",
            "system": "ec-site",
            "environment": "production",
        },
        "expect": "included",
        "clause": "S1",
    },
    {"title": "A question", "given": {"activity": "service_desk"}, "expect": {"pool": "support"}},
]
EVERYBODY = [
    {"activities": ["service_desk", "monitoring", "routine_task"], "tier": "L1"},
    {"activities": ["incident_response", "security_operation"], "tier": "L2"},
    {"activities": ["corrective", "preventive", "adaptive", "perfective"], "tier": "L3"},
]


def clean(**changes) -> dict:
    """Return the sample's document with somebody accountable for everything, and examples."""
    return {**document(responsibilities=EVERYBODY, **changes), "examples": deepcopy(EXAMPLES)}


SEEN = ["--accept-gaps", checking.check(checking.read(clean(), DAY), DAY).coverage.seal()]


@pytest.fixture
def write(tmp_path):
    def to_file(document: dict | str, name: str = "contract.yaml") -> Path:
        path = tmp_path / name
        text = document if isinstance(document, str) else terms_yaml.dump(document)
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and gives what it printed, or why it left."""

    def command(*args: object) -> tuple[int, str]:
        try:
            call_command(*map(str, args))
        except CommandError as error:
            return error.returncode, capsys.readouterr().out + str(error)
        return 0, capsys.readouterr().out

    return command


class TestCheckTerms:
    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_the_demo_contracts_pass(self, run, name):
        code, said = run("check_terms", DEMO / f"{name}.yaml")

        assert (code, "refused" in said) == (0, False)

    def test_gaps_are_warned_of_and_do_not_fail(self, run):
        code, said = run("check_terms", DEMO / "lotus.yaml")

        assert code == 0
        assert "corrective on staging, after the warranty: nothing decides" in said
        assert "of them gaps: 3" in said
        assert said.count("gap: scope.clauses: ") == 3

    def test_strict_refuses_a_contract_with_gaps_and_no_other(self, run):
        code, said = run("check_terms", DEMO / "lotus.yaml", "--strict")

        assert (code, "lotus.yaml: 3 gaps, and --strict allows none" in said) == (1, True)
        assert run("check_terms", DEMO / "hoshino.yaml", "--strict")[0] == 0

    def test_a_planted_unreachable_clause_and_missing_rate_are_named_and_leave_with_1(
        self, run, write
    ):
        planted = clean(
            cost__rates={"L1": 4000, "L2": 6000},
            scope__clauses__4={
                "id": "S5", "text": {"en": "Fixes"}, "then": "included",
                "when": {"activity": ["service_desk"], "priority": ["P1"]},
            },
        )  # fmt: skip

        code, said = run("check_terms", write(planted))

        assert code == 1
        assert "refused: scope.clauses[4]: clause S5 can never decide" in said
        assert "no rate for L3; add one" in said

    def test_errors_come_all_at_once_with_their_paths(self, run, write):
        wrong = clean(currency="YEN", timezone="Tokyo")
        wrong["examples"][0]["expect"] = "free"

        code, said = run("check_terms", write(wrong))

        assert code == 1
        assert "3 errors" in said
        assert "error: currency: 'YEN'" in said
        assert "error: examples[0].expect: 'free'" in said

    def test_an_example_that_is_decided_otherwise_leaves_with_1(self, run, write):
        wrong = clean()
        wrong["examples"][1]["expect"] = "included"

        code, said = run("check_terms", write(wrong))

        assert code == 1
        said_so = "refused: examples[1] 'A question': expected included, and it is pool support"
        assert f"{said_so} by S4" in said
        assert "examples met: 1 of 2" in said

    def test_an_unknown_country_is_an_error_with_its_path(self, run, write):
        code, said = run("check_terms", write(clean(hours__office__holidays="XQ")))

        assert code == 1
        assert "error: hours: the holidays of 'XQ' are not known" in said

    def test_hostile_yaml_and_missing_files_are_refused(self, run, write, tmp_path):
        assert run("check_terms", write("a: &x [1]\nb: *x\n"))[0] == 1
        assert run("check_terms", tmp_path / "none.yaml")[0] == 1


@pytest.mark.django_db
class TestImportContract:
    def put(self, run, path, *more):
        return run("import_contract", path, "--tenant", "ACME", "--number", "C-9",
                   "--effective-on", "2026-04-01", *more)  # fmt: skip

    def test_writes_a_draft_with_its_examples(self, run, write, acme):
        code, said = self.put(run, write(clean()), "--title", "EC site")

        assert (code, "new, from 2026-04-01" in said, "A draft" in said) == (0, True, True)
        with tenant_scope(acme), transaction.atomic():
            version = ContractVersion.objects.select_related("contract").get()
            assert (version.contract.title, version.contract.status) == ("EC site", "draft")
            assert version.examples == EXAMPLES

    def test_puts_it_in_force_as_an_account_manager(self, run, write, acme, account_manager):
        code, said = self.put(
            run, write(clean()), "--activate", *SEEN, "--as", account_manager.user.email
        )

        assert (code, "In force from 2026-04-01" in said) == (0, True)
        with tenant_scope(acme), transaction.atomic():
            assert ContractVersion.objects.get().activated_by == account_manager

    def test_nobody_else_does_and_then_nothing_is_written(self, run, write, acme, bridge_se):
        code, said = self.put(run, write(clean()), "--activate", "--as", bridge_se.user.email)

        assert (code, "Only an account manager" in said) == (1, True)
        with tenant_scope(acme), transaction.atomic():
            assert not Contract.objects.exists()

    def test_an_amendment_says_what_it_changes(self, run, write, acme, account_manager):
        self.put(run, write(clean()), "--activate", *SEEN, "--as", account_manager.user.email)

        code, said = run(
            "import_contract", write(clean(scope__clauses__1__quota__count=8)),
            "--tenant", "ACME", "--number", "C-9", "--effective-on", "2026-05-15",
        )  # fmt: skip

        assert code == 0
        assert "version 2, from 2026-05-15" in said
        assert "changed: clause S2, quota.count: 5 -> 8" in said

    def test_an_unclean_one_is_not_put_in_force_and_nothing_is_written(
        self, run, write, acme, account_manager
    ):
        unclean = write(clean(cost__rates={"L1": 4000}))

        code, said = self.put(run, unclean, "--activate", *SEEN, "--as", account_manager.user.email)

        assert code == 1
        assert "no rate for L2" in said
        with tenant_scope(acme), transaction.atomic():
            assert not Contract.objects.exists()

    def test_an_unclean_draft_may_be_kept_and_says_what_is_missing(self, run, write, acme):
        code, said = self.put(run, write(clean(cost__rates={"L1": 4000})))

        assert (code, "refused at activation: " in said) == (0, True)

    def test_says_which_gaps_are_put_in_force(self, run, acme, account_manager):
        _code, seen = self.put(run, DEMO / "lotus.yaml")
        seal = re.search(r"--accept-gaps (\w+)", seen).group(1)
        with tenant_scope(acme), transaction.atomic():
            ContractVersion.objects.all().delete()
            Contract.objects.all().delete()
        who = ["--activate", "--accept-gaps", seal, "--as", account_manager.user.email]

        code, said = self.put(run, DEMO / "lotus.yaml", *who)

        assert (code, "In force from 2026-04-01" in said) == (0, True)
        assert said.count("gap: scope.clauses: ") == 3
        assert "corrective on staging, after the warranty: nothing decides" in said

    @pytest.mark.parametrize("activate", [True, False])
    def test_strict_writes_nothing_where_there_are_gaps(self, run, acme, account_manager, activate):
        who = ["--activate", *SEEN, "--as", account_manager.user.email] if activate else []

        code, said = self.put(run, DEMO / "lotus.yaml", "--strict", *who)

        assert (code, "3 gaps, and --strict allows none" in said) == (1, True)
        assert said.count("gap: scope.clauses: ") == 3
        with tenant_scope(acme), transaction.atomic():
            assert not Contract.objects.exists()

    def test_strict_puts_a_contract_without_gaps_in_force(self, run, acme, account_manager):
        who = ["--activate", "--as", account_manager.user.email]

        code, said = self.put(run, DEMO / "hoshino.yaml", "--strict", *who)

        assert (code, "In force from 2026-04-01" in said, "gap: " in said) == (0, True, False)

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["--tenant", "NOBODY", "--number", "1"], "No client has the code NOBODY"),
            (["--tenant", "ACME", "--number", "1", "--activate"], "--activate needs --as"),
            (["--tenant", "ACME", "--number", "1", "--as", "x@y.z"], "is not a member of ACME"),
        ],
    )
    def test_says_which_argument_is_wrong(self, run, write, acme, args, said):
        code, printed = run("import_contract", write(clean()), *args)

        assert (code, said in printed) == (1, True)


@pytest.mark.django_db
class TestExportContract:
    def test_writes_what_import_reads_back_unchanged(self, run, write, acme, account_manager):
        TestImportContract().put(
            run, write(clean()), "--activate", *SEEN, "--as", account_manager.user.email
        )

        code, exported = run("export_contract", "--tenant", "ACME", "--number", "C-9")
        again = run("import_contract", write(exported, "again.yaml"), "--tenant", "ACME",
                    "--number", "C-9", "--effective-on", "2026-06-01")  # fmt: skip

        assert (code, again[0]) == (0, 0)
        assert "nothing changes" in again[1]
        with tenant_scope(acme), transaction.atomic():
            first, second = ContractVersion.objects.order_by("number")
            assert (first.terms, first.examples) == (second.terms, second.examples)

    def test_a_version_may_be_named(self, run, write, acme):
        TestImportContract().put(run, write(clean()))
        name = ["export_contract", "--tenant", "ACME", "--number", "C-9"]

        assert run(*name)[0] == 1
        assert run(*name, "--contract-version", "1")[0] == 0
        assert run(*name, "--contract-version", "2")[0] == 1

    def test_another_clients_contract_is_not_there(self, run, write, acme, globex):
        TestImportContract().put(run, write(clean()))

        code, said = run("export_contract", "--tenant", "GLOBEX", "--number", "C-9")

        assert (code, "GLOBEX has no contract C-9" in said) == (1, True)


class TestActivation:
    def draft(self, tenant, actor, document) -> ContractVersion:
        contract = services.create_contract(
            tenant=tenant, number="C-1", title="EC site", starts_on=DAY, document=document,
            actor=actor, now=NOW,
        )  # fmt: skip
        return contract.versions.get()

    def test_carries_every_finding(self, acme_scope, account_manager):
        version = self.draft(acme_scope, account_manager, clean(time__hours=None, cost__rates={}))

        with pytest.raises(TermsNotClean) as refusal:
            services.activate_version(
                version=version,
                actor=account_manager,
                now=NOW,
                accept_gaps=checking.seal_of(version),
            )

        codes = {finding.code for finding in refusal.value.checked.refusals}
        assert codes == {"target_without_hours", "outcome_without_rate"}
        assert refusal.value.message.count("cost.rates has no rate") == 2
        version.refresh_from_db()
        assert version.activated_at is None

    def test_names_each_example_that_is_decided_otherwise(self, acme_scope, account_manager):
        wrong = clean()
        wrong["examples"][0]["clause"] = "S2"
        version = self.draft(acme_scope, account_manager, wrong)

        with pytest.raises(TermsNotClean, match=r"examples\[0\] 'An incident on the shop'"):
            services.activate_version(
                version=version,
                actor=account_manager,
                now=NOW,
                accept_gaps=checking.seal_of(version),
            )

    def test_with_a_hole_it_is_refused_and_the_hole_is_named(self, acme_scope, account_manager):
        version = self.draft(acme_scope, account_manager, clean())

        with pytest.raises(GapsNotAccepted) as refusal:
            services.activate_version(version=version, actor=account_manager, now=NOW)

        assert "nothing decides" in refusal.value.message
        version.refresh_from_db()
        assert version.activated_at is None

    def test_with_exactly_the_holes_that_were_seen_it_is_in_force(
        self, acme_scope, account_manager
    ):
        version = self.draft(acme_scope, account_manager, clean())
        seal = checking.seal_of(version)

        services.activate_version(version=version, actor=account_manager, now=NOW, accept_gaps=seal)

        version.refresh_from_db()
        told = AuditEvent.objects.get(verb="contract.activated").data
        assert version.activated_at == NOW
        assert version.accepted_gaps == told["accepted_gaps"] != []
        assert told["gaps"] == seal

    def test_with_other_holes_than_were_seen_it_is_refused(self, acme_scope, account_manager):
        version = self.draft(acme_scope, account_manager, clean())
        seen = checking.seal_of(version)
        worse = clean()
        del worse["scope"]["clauses"][0]
        worse["examples"] = []
        services.replace_draft(version=version, document=worse, actor=account_manager, now=NOW)

        with pytest.raises(GapsNotAccepted):
            services.activate_version(
                version=version, actor=account_manager, now=NOW, accept_gaps=seen
            )
