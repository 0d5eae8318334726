import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from contracts.domain import terms as words
from contracts.domain.calendars import (
    HolidaysMissing,
    countries_of,
    holidays_of,
    service_hours,
)
from contracts.domain.durations import Length
from contracts.domain.terms import (
    Accountable,
    Activity,
    ObligationKind,
    Party,
    Tier,
    WorkStream,
    dump,
    parse,
    stream_of,
    text_in,
)
from tests.contracts.domain.sample import document


def errors_of(**changes):
    with pytest.raises(words.TermsInvalid) as refused:
        parse(document(**changes))
    return refused.value.errors


class TestParse:
    def test_reads_every_key_of_the_sample(self):
        terms = parse(document())

        assert terms.hours["office"].week["mon"] == (("09:00", "12:00"), ("13:00", "18:00"))
        assert list(terms.hours["office"].week) == ["mon", "tue", "wed", "thu", "fri"]
        assert terms.hours["office"].holidays == ("JP",)
        assert terms.scope.clauses[1].when.effort.at_most == 240
        assert str(terms.scope.warranty.length) == "90d"
        assert terms.cost.pools[0].rollover.up_to == 5000
        assert terms.cost.multipliers.out_of_hours == 12_500
        assert terms.cost.tax.rate == 1000
        assert terms.scope.dispute_within == Length(business_days=10)

    def test_is_frozen(self):
        with pytest.raises(ValidationError):
            parse(document()).currency = "USD"

    def test_survives_a_dump_through_json(self):
        terms = parse(document())

        assert parse(json.loads(json.dumps(dump(terms)))) == terms

    def test_dump_is_stable(self):
        first = dump(parse(document()))

        assert dump(parse(first)) == first
        assert first["scope"]["clauses"][4]["then"] == {"preapproved": {"cap": 300_000}}
        assert first["hours"]["office"]["holidays"] == "JP"
        assert first["cost"]["multipliers"] == {"out_of_hours": "1.25", "holiday": "1.35"}

    def test_reads_days_across_the_weekend_and_the_end_of_the_day(self):
        week = {"sat-mon": ["22:00-06:00"], "wed": ["00:00-24:00"]}
        terms = parse(document(hours__hanoi__week=week))

        assert list(terms.hours["hanoi"].week) == ["mon", "wed", "sat", "sun"]

    def test_has_a_json_schema(self):
        assert set(words.schema()["required"]) >= {"terms", "currency", "scope", "cost"}


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        (
            "scope__clauses__0__when__system",
            ["ec"],
            "scope.clauses[0].when.system: 'ec' is not one of the systems: ec-site, core",
        ),
        (
            "scope__clauses__0__when__environment",
            ["dev"],
            "scope.clauses[0].when.environment: "
            "'dev' is not one of the environments: production, staging",
        ),
        (
            "scope__clauses__3__then",
            {"pool": "care"},
            "scope.clauses[3].then.pool: 'care' is not one of the pools: support",
        ),
        (
            "scope__clauses__1__id",
            "S1",
            "scope.clauses[1].id: 'S1' is the id of scope.clauses[0] already",
        ),
        (
            "scope__clauses__0__text",
            {"vi": "Sự cố"},
            "scope.clauses[0].text: 'vi' is not one of the languages: ja, en",
        ),
        ("currency", "GBP", "currency: 'GBP' is not one of the currencies: JPY, VND, USD, EUR"),
        (
            "timezone",
            "Asia/Edo",
            "timezone: 'Asia/Edo' is not a time zone: write a name such as Asia/Tokyo",
        ),
        ("time__hours", "ofice", "time.hours: 'ofice' is not one of the hours: "),
        ("time__targets__0__hours", "x", "time.targets[0].hours: 'x' is not one of the hours: "),
        (
            "time__targets__3__default_owner",
            "requester",
            "time.targets[3].default_owner: 'requester' is not one of the vendor roles: ",
        ),
        (
            "hours__joint__intersect",
            ["office", "joint"],
            "hours.joint.intersect: 'joint' is not one of the calendars: office, hanoi, always",
        ),
        (
            "scope__clauses__0__when__activity",
            ["incident"],
            "scope.clauses[0].when.activity: 'incident' is not one of: service_desk, monitoring",
        ),
        (
            "time__targets__0__within",
            "4 hours",
            "time.targets[0].within: '4 hours' is not a length of time: write 15m, 4h, 90d or 5bd",
        ),
        (
            "cost__triage",
            "1bd",
            "cost.triage: '1bd' counts business days: write a duration such as 15m or 4h",
        ),
        (
            "cost__tax__rate",
            10,
            "cost.tax.rate: '10' is not a percentage: write 0% to 100%",
        ),
        ("cost__tax__rate", "101%", "cost.tax.rate: '101%' is not a percentage"),
        ("cost__tax__rate", "1e1%", None),
        ("cost__tax__rate", "NaN%", "cost.tax.rate: 'NaN%' is not a percentage"),
        ("cost__multipliers__holiday", 0.5, "cost.multipliers.holiday: '0.5' is not a multiplier"),
        ("cost__monthly_fee", 10**15 + 1, "cost.monthly_fee: "),
        ("cost__monthly_fee", 800_000.5, "cost.monthly_fee: '800000.5' is not a whole number"),
        ("cost__monthly_fee", True, "cost.monthly_fee: 'True' is not a whole number"),
        ("cost__monthly_fee", None, "cost.monthly_fee: is missing: add it"),
        ("cost__monthly_fees", 1, "cost.monthly_fees: '1' is not a key here"),
        (
            "hours__office__week",
            {"mon-fry": ["09:00-18:00"]},
            "hours.office.week: 'mon-fry' is not a day or a range of days",
        ),
        (
            "hours__office__week",
            {"mon": ["9-18"]},
            "hours.office.week.mon[0]: '9-18' is not a window: write 09:00-18:00",
        ),
        ("hours__office__holidays", "Japan", "hours.office.holidays: 'Japan' is not a country"),
        ("hours__always", {"timezone": "UTC", "week": {"mon": []}}, "hours.always: 'always' is"),
        (
            "scope__clauses__0__then",
            "undecided",
            "scope.clauses[0].then: 'undecided' is not an outcome: write included, estimate",
        ),
        ("scope__clauses__0__then", {"preapproved": {}}, "scope.clauses[0].then: is not an outc"),
        ("scope__clauses__1__quota", {"per": "month"}, "scope.clauses[1].quota: has no bound"),
        ("scope__clauses__1__when__effort", {}, "scope.clauses[1].when.effort: has no bound"),
        ("scope__clauses__0__text__en", "a\x00b", "scope.clauses[0].text.en: "),
        ("scope__clauses__0__text__en", "a" * 1001, "scope.clauses[0].text.en: "),
        ("systems__1__key", "ec-site", "systems[1].key: 'ec-site' is the key of systems[0] al"),
        (
            "responsibilities__1__activities",
            ["service_desk"],
            "responsibilities[1].activities: 'service_desk' stands in responsibilities[0]",
        ),
        ("cost__estimates__client_authority", {"bridge_se": 1}, "cost.estimates.client_authority"),
        ("systems", [], "systems: "),
        ("terms", 2, "terms: "),
    ],
)
def test_an_error_names_the_path_and_the_fix(path, value, error):
    if error is None:
        assert parse(document(**{path: value}))
    else:
        assert any(line.startswith(error) for line in errors_of(**{path: value}))


def test_all_errors_are_listed_at_once():
    errors = errors_of(currency="GBP", time__hours="x", scope__clauses__3__then={"pool": "care"})

    assert len(errors) == 3


@pytest.mark.parametrize("junk", [None, [], "terms", 1, {"terms": {}}, {1: 2}])
def test_what_is_no_document_is_refused(junk):
    with pytest.raises(words.TermsInvalid):
        parse(junk)


class TestLookups:
    def test_the_first_target_that_covers_counts(self):
        terms = parse(document())

        target = terms.target_for("restore", "incident_response", "P1", "core")
        assert (str(target.within), terms.hours_of(target)) == ("4h", "always")
        target = terms.target_for("restore", "incident_response", "P2", "core")
        assert (str(target.within), terms.hours_of(target)) == ("1bd", "office")
        assert str(terms.target_for("restore", None, None, None).within) == "2bd"
        assert terms.target_for(ObligationKind.UPDATE) is None

    def test_one_tier_is_accountable(self):
        terms = parse(document())

        assert terms.accountable(Activity.SERVICE_DESK) == Accountable(Tier.L1, Party.VENDOR)
        assert terms.accountable("routine_task") == (Tier.L2, Party.CLIENT)
        assert terms.accountable("adaptive") is None

    def test_a_rate_is_never_guessed(self):
        terms = parse(document())

        assert (terms.rate_for("L1"), terms.rate_for("L1", "offshore")) == (4000, 4000)
        assert (terms.rate_for("L2", "offshore"), terms.rate_for("L2")) == (6000, None)
        assert terms.rate_for("PMO") is None

    def test_an_activity_has_one_stream(self):
        streams = [stream_of(activity) for activity in Activity]

        assert streams == [WorkStream.OPERATION] * 5 + [WorkStream.MAINTENANCE] * 4

    def test_text_falls_back(self):
        assert text_in({"en": "a", "ja": "b"}, "ja-JP") == "b"
        assert text_in({"en": "a", "ja": "b"}, "vi") == "a"
        assert text_in({"ja": "b"}, "en") == "b"
        assert text_in({}, "en") == ""


HOLIDAYS = {"JP": [date(2026, 5, 4)]}


class TestServiceHours:
    def test_every_name_of_the_terms_counts(self):
        hours = service_hours(parse(document()), HOLIDAYS)

        assert set(hours) == {"always", "office", "hanoi", "joint"}
        tokyo = ZoneInfo("Asia/Tokyo")
        assert hours["office"].is_open(datetime(2026, 5, 1, 9, 0, tzinfo=tokyo))
        assert not hours["office"].is_open(datetime(2026, 5, 4, 9, 0, tzinfo=tokyo))
        assert not hours["joint"].is_open(datetime(2026, 5, 1, 9, 30, tzinfo=tokyo))
        assert hours["joint"].is_open(datetime(2026, 5, 1, 10, 0, tzinfo=tokyo))
        assert hours["always"].is_open(datetime(2026, 5, 4, 3, 0, tzinfo=tokyo))

    def test_holidays_that_were_not_frozen_are_an_error(self):
        with pytest.raises(HolidaysMissing, match="JP"):
            service_hours(parse(document()), {})

    def test_joint_hours_have_the_holidays_of_their_parts(self):
        terms = parse(document())

        assert countries_of(terms, "joint") == countries_of(terms) == ["JP"]
        assert holidays_of(terms, "joint", HOLIDAYS) == {date(2026, 5, 4)}
        assert holidays_of(terms, "always", HOLIDAYS) == frozenset()
