"""Rules for a delivery as a whole: each stops the refresh, and says what a person needs."""

import pytest

from orchestration.guard import _worth_a_line
from orchestration.quality.results import stop_message
from orchestration.records import connect
from tests.python.quality.scene import header, item, landed_orders, order


def assert_stops(results, check_id, *words, count=None):
    """The check stops the refresh and its message names input, rule, count and what to do."""
    result = results[check_id]
    assert result.stops_refresh, result.message
    assert result.severity == "blocking"
    message = result.message
    assert message.startswith(f"{result.input}: ")
    assert f"(rule {check_id})" in message
    assert "What to do: " in message
    assert "published marts stay as they were" in message
    assert "For example " in message
    for word in words:
        assert word in message, message
    if count is not None:
        assert result.rows_failed == count
    stopping = {each.check_id for each in results.values() if each.stops_refresh}
    text = stop_message(results.values())
    assert text.startswith("The refresh stopped before any model ran")
    assert text.count("published marts stay as they were") == 1
    assert all(results[each].message.partition(" Nothing of ")[0] in text for each in stopping)
    return stopping


def assert_passes(results, *check_ids):
    """Nothing stops the refresh, and the checks named were really made."""
    assert stop_message(results.values()) == ""
    for check_id in check_ids:
        assert results[check_id].is_success, results[check_id].message


def test_a_sound_delivery_passes(scene):
    """A guard that always says no is switched off."""
    scene.deliver("orders", [order(n) for n in range(30)])
    scene.deliver("order_items", [item(n) for n in range(30)])
    results = scene.check()
    assert_passes(
        results,
        "orders.required_file",
        "orders.readable_file",
        "orders.required_column",
        "orders.line",
        "orders.not_empty",
        "orders.max_quarantined_share",
        "orders.unknown_column",
        "orders.order_items.missing",
        "order_items.order_id.reference",
    )
    assert all(result.is_success for result in results.values())
    assert scene.quarantine() == []


def test_a_missing_required_file_stops(scene):
    """Without orders and subscriptions nobody is a customer."""
    scene.write("Bestellungen.csv", "Nr;Datum\n1;2026-01-01\n")
    scene.deliver("employees", [{"employee_id": "E-1"}])
    results = scene.check()
    stopping = assert_stops(
        results,
        "orders.required_file",
        "neither orders nor subscription_periods",
        "Bestellungen.csv",
        "orders.csv",
        "inputs.yml",
        "make templates",
        count=1,
    )
    assert stopping == {"orders.required_file"}


def test_a_pattern_without_a_file_is_named_where_orders_are_missing(scene):
    """A misspelt pattern looks like "no orders": the one word to correct has to be in the no."""
    scene.write("inputs.yml", "inputs: {orders: {files: 'export/Order-*.csv'}}")
    scene.deliver("orders", [order(1)], file="export/order_2026.csv")
    scene.deliver("employees", [{"employee_id": "E-1"}])
    results = scene.check()
    assert_stops(results, "orders.required_file", "waits for export/Order-*.csv for orders")
    idle = results["orders.files_pattern"]
    assert (idle.severity, idle.is_success) == ("warning", False)
    assert "orders: no file is there for export/Order-*.csv of inputs.yml" in idle.message
    assert _worth_a_line(list(results.values())) == [idle.message]


def test_subscriptions_alone_are_enough(scene):
    """A subscription business has no orders."""
    scene.deliver(
        "subscription_periods",
        [
            {
                "subscription_id": "S-1",
                "starts_at": "2026-01-01",
                "customer_id": "C-1",
                "plan_id": "pro",
                "status": "active",
                "unit_amount": "10",
                "billing_interval": "month",
            }
        ],
    )
    assert_passes(scene.check(), "orders.required_file", "subscription_periods.not_empty")


def test_orders_taken_before_are_enough(scene):
    """A delivery without orders is fine once orders are there."""
    landed_orders(scene, 1, 3, "2026-10-31")
    scene.deliver("employees", [{"employee_id": "E-1"}])
    assert_passes(scene.check(), "orders.required_file")


def test_a_missing_required_column_stops(scene):
    """Rows without a status would all be refused, or worse, count."""
    rows = [order(n) for n in range(4)]
    for row in rows:
        row["zustand"] = row.pop("status")
    scene.deliver("orders", rows)
    results = scene.check()
    stopping = assert_stops(
        results,
        "orders.required_column",
        "status",
        "orders.csv: status",
        "inputs.yml",
        "zustand",
        count=1,
    )
    assert stopping == {"orders.required_column"}
    assert "orders.status.required" not in results


def test_duplicate_headers_stop(scene):
    """Of two columns with one name, one would silently win."""
    scene.write(
        "orders.csv",
        "order_id,status,status,ordered_at,gross_amount\nO-1,paid,void,2026-01-01,5\n",
    )
    results = scene.check()
    stopping = assert_stops(results, "orders.readable_file", "orders.csv", "status", count=1)
    assert stopping == {"orders.readable_file"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.parquet", b"PAR1 this is no parquet file"),
        ("orders.csv", b""),
        ("orders.csv.gz", b"\x1f\x8b\x08 cut off"),
    ],
)
def test_an_unreadable_file_stops(scene, name, content):
    """A file cut off on its way must not count as an empty day."""
    scene.write(name, content)
    results = scene.check()
    assert_stops(results, "orders.readable_file", name, count=1)


def test_items_of_an_unreadable_orders_file_are_not_blamed(scene):
    """One fault, one message: the items are fine, their orders could not be read."""
    scene.write("orders.parquet", b"PAR1 this is no parquet file")
    scene.deliver("order_items", [item(n) for n in range(5)])
    results = scene.check()
    stopping = {each.check_id for each in results.values() if each.stops_refresh}
    assert stopping == {"orders.readable_file"}
    assert "order_items.order_id.reference" not in results


def test_an_empty_required_input_stops(scene):
    """An export that broke off after its header."""
    scene.deliver("orders", [], columns=header("orders"))
    results = scene.check()
    stopping = assert_stops(
        results, "orders.not_empty", "without any row", "orders.csv (0 rows)", count=1
    )
    assert stopping == {"orders.not_empty"}


def test_a_day_without_orders_passes(scene):
    """A closed day is no fault once orders are there."""
    landed_orders(scene, 1, 3, "2026-10-31")
    scene.deliver("orders", [], columns=header("orders"))
    assert_passes(scene.check(), "orders.not_empty")


def test_an_input_of_which_every_row_is_refused_stops(scene):
    """Nothing sound is as good as nothing delivered, whatever share may be refused."""
    scene.settings["max_quarantined_share"] = 1
    scene.deliver("orders", [order(n, status="bezahlt") for n in range(5)])
    results = scene.check()
    stopping = assert_stops(
        results, "orders.not_empty", "every one of its 5 rows is refused", count=1
    )
    assert stopping == {"orders.not_empty"}


def test_too_many_refused_rows_stop(scene):
    """A changed export must not empty the marts bit by bit."""
    rows = [order(n, gross_amount="-1" if n < 6 else "20") for n in range(100)]
    scene.deliver("orders", rows)
    results = scene.check()
    assert_stops(
        results,
        "orders.max_quarantined_share",
        "6 of 100 rows are refused, 6 %, where at most 5 % are allowed",
        "orders.csv:2 gross_amount.minimum -1",
        "orders.csv:4 gross_amount.minimum -1",
        "gross_amount.minimum (6 rows)",
        "max_quarantined_share in SETTINGS",
        count=6,
    )


def test_as_many_refused_rows_as_allowed_pass(scene):
    """The limit itself is allowed."""
    scene.deliver("orders", [order(n, gross_amount="-1" if n < 5 else "20") for n in range(100)])
    results = scene.check()
    assert_passes(results, "orders.max_quarantined_share")
    assert results["orders.max_quarantined_share"].rows_failed == 5


def test_lines_that_do_not_parse_count_as_refused(scene):
    """A file of broken lines has no broken rows."""
    text = "order_id,ordered_at,status,gross_amount\n"
    text += "".join(f"O-{n},2026-10-01,paid,5\n" for n in range(20))
    text += "".join(f"X-{n},2026-10-01,paid,5,6,7\n" for n in range(3))
    scene.write("orders.csv", text)
    results = scene.check()
    assert results["orders.line"].rows_failed == 3
    assert results["orders.line"].severity == "error"
    for word in ("orders.csv:22 ", "orders.csv:24 ", "3 of 23 lines do not parse", "What to do"):
        assert word in results["orders.line"].message
    assert_stops(results, "orders.max_quarantined_share", "3 of 23 rows", "line (3 rows)", count=3)
    kept = scene.quarantine()
    assert [(file, line, rule) for file, line, _, rule, _ in kept] == [
        ("orders.csv", 22, "line"),
        ("orders.csv", 23, "line"),
        ("orders.csv", 24, "line"),
    ]
    # orders has personal columns, so a raw line may hold an address
    assert all(value.startswith("text of ") for *_, value in kept)


def test_an_unknown_column_is_reported_once(scene):
    """A misspelt optional column would be missing in silence."""
    scene.deliver("orders", [order(n, loyalty="x") for n in range(5)], file="orders/a.csv")
    scene.deliver("orders", [order(n, loyalty="x") for n in range(5, 9)], file="orders/b.csv")
    results = scene.check()
    found = results["orders.unknown_column"]
    assert (found.is_success, found.severity, found.rows_failed) == (False, "warning", 1)
    assert found.observed == "loyalty"
    for word in ("1 column is not known, loyalty", "orders/a.csv: loyalty", "inputs.yml"):
        assert word in found.message
    assert stop_message(results.values()) == ""
    assert not [each for each in results if "loyalty" in each]


HISTORY = {"orders_per_day": 20, "days": 70, "until": "2026-10-31"}


def week(per_day, amount="20", first=1):
    """Orders of the first week of November."""
    return [
        order(1000 * day + n, ordered_at=f"2026-11-{day:02}T12:00:00", gross_amount=amount)
        for day in range(first, first + 7)
        for n in range(per_day)
    ]


def test_far_fewer_rows_than_usual_stop(scene):
    """An export that lost most of its rows looks like a lost business."""
    landed_orders(scene, **HISTORY)
    scene.deliver("orders", week(1))
    results = scene.check()
    assert_stops(
        results,
        "orders.weekly_rows",
        "2026-11-01 to 2026-11-07",
        "are 7, far fewer than the usual 140",
        "14 to 1,400 would pass",
        "7 days to 2026-10-31: 140",
        "volume_tolerance in SETTINGS",
    )


def test_far_more_rows_than_usual_stop(scene):
    """An export that repeats itself under new ids looks like a triumph."""
    landed_orders(scene, 1, 70, "2026-10-31")
    scene.deliver("orders", week(11))
    results = scene.check()
    assert_stops(results, "orders.weekly_rows", "are 77, far more than the usual 7")


def test_far_more_revenue_than_usual_stops(scene):
    """A decimal sign read wrongly makes every amount a hundred times larger."""
    landed_orders(scene, **HISTORY)
    scene.deliver("orders", week(20, amount="2000"))
    results = scene.check()
    stopping = assert_stops(
        results, "orders.weekly_revenue", "are 280,000, far more than the usual 2,800"
    )
    assert stopping == {"orders.weekly_revenue"}


def test_far_less_revenue_than_usual_stops(scene):
    """Amounts in thousands, or free of charge."""
    landed_orders(scene, **HISTORY)
    scene.deliver("orders", week(20, amount="0.02"))
    stopping = assert_stops(scene.check(), "orders.weekly_revenue", "far less than the usual")
    assert stopping == {"orders.weekly_revenue"}


@pytest.mark.parametrize("per_day", [2, 20, 190])
def test_weeks_within_the_tolerance_pass(scene, per_day):
    """A good week is no fault."""
    landed_orders(scene, **HISTORY)
    scene.deliver("orders", week(per_day))
    assert_passes(scene.check(), "orders.weekly_rows", "orders.weekly_revenue")


def test_a_peak_like_those_before_passes(scene):
    """A shop that sold ten times as much last season may do so again."""
    landed_orders(scene, 1, 200, "2026-10-31")
    with connect(scene.workspace) as con:
        con.execute(
            "insert into landing.orders "
            "select season.* replace (season.order_id || '-' || range as order_id) "
            "from landing.orders as season cross join range(12) "
            "where season.ordered_at between '2026-05-01' and '2026-05-08'"
        )
    scene.deliver("orders", week(11))
    assert_passes(scene.check(), "orders.weekly_rows", "orders.weekly_revenue")


def test_the_tolerance_is_a_setting(scene):
    """Who knows that the week was special says so."""
    scene.settings["volume_tolerance"] = 30
    landed_orders(scene, **HISTORY)
    scene.deliver("orders", week(1))
    assert_passes(scene.check(), "orders.weekly_rows", "orders.weekly_revenue")


def test_a_short_history_judges_nothing(scene):
    """A shop in its second month has no usual week yet."""
    landed_orders(scene, 20, 55, "2026-10-31")
    scene.deliver("orders", week(1))
    results = scene.check()
    assert_passes(results)
    assert "orders.weekly_rows" not in results


def test_the_same_rows_again_are_not_twice_the_business(scene):
    """A full export every day holds mostly what is there already."""
    landed_orders(scene, 1, 70, "2026-10-31")
    rows = [
        {
            "order_id": key,
            "ordered_at": str(happened),
            "status": "paid",
            "gross_amount": "20",
        }
        for key, happened in scene.sql("select order_id, ordered_at from landing.orders")
    ]
    scene.deliver("orders", rows)
    results = scene.check()
    assert_passes(results, "orders.weekly_rows")
    assert results["orders.weekly_rows"].observed.startswith("7 from")


def test_old_data_stop_where_a_limit_is_set(scene):
    """A feed that stopped must be noticed where somebody asked for it."""
    scene.settings["max_data_age_days"] = 7
    scene.deliver("orders", [order(n) for n in range(30)])  # until 28 October 2026
    results = scene.check()
    stopping = assert_stops(
        results,
        "orders.max_data_age_days",
        "2026-10-28",
        "26 days before today (2026-11-23)",
        "at most 7 days",
        "max_data_age_days in SETTINGS",
    )
    assert stopping == {"orders.max_data_age_days"}


@pytest.mark.parametrize("settings", [{}, {"max_data_age_days": 26}])
def test_data_young_enough_pass(scene, settings):
    """No limit by default, and the limit itself is allowed."""
    scene.settings |= settings
    scene.deliver("orders", [order(n) for n in range(30)])
    assert_passes(scene.check())


def test_age_is_measured_against_as_of_where_given(scene):
    """A refresh of a past day asks how old the data were then."""
    scene.settings |= {"max_data_age_days": 7, "as_of": "2026-10-30"}
    scene.deliver("orders", [order(n) for n in range(30)])
    assert_passes(scene.check(), "orders.max_data_age_days")
    scene.settings["as_of"] = "2026-11-10"
    scene.deliver("orders", [order(n) for n in range(31)])
    assert_stops(scene.check(), "orders.max_data_age_days", "before AS_OF (2026-11-10)")


def test_evidence_of_a_stopped_delivery_is_replaced_when_it_is_read_again(scene):
    """The same row would stand in quarantine once per attempt."""
    scene.deliver("orders", [order(n, gross_amount="-1" if n == 0 else "5") for n in range(4)])
    scene.check()
    first = scene.quarantine()
    assert len(first) == 1
    scene.check()
    assert scene.quarantine() == first
    assert scene.sql("select count(*) from ops.quarantined_rows") == [(1,)]
    assert scene.sql("select count(distinct refresh_id) from ops.input_checks") == [(2,)]
