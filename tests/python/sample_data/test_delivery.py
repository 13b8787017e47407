"""What is delivered: the contract's columns, sound money and dates, mess as counted, same bytes."""

import ast
import csv
import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml

from orchestration.sample_data import contacts, files
from orchestration.sample_data.__main__ import main
from orchestration.sample_data.generate import SampleError, generate
from orchestration.sample_data.parameters import PLAIN, ParameterError, Parameters
from orchestration.sample_data.world import BLOCK_SIZE
from tests.python.sample_data.delivered import Delivered, write

PROJECT = Path(__file__).parents[3]
PACKAGE = PROJECT / "orchestration" / "sample_data"
# One column on purpose that the contract does not know.
UNKNOWN = {"interactions": {"crm_ticket"}}
# Words of the contract for which the sample has no use.
UNUSED = {
    "kind": {"fee", "shipping", "usage", "trigger", "survey"},
    "billing_interval": {"day", "quarter"},
}
SMALL = Parameters(customers=BLOCK_SIZE + 300, years=0.5, seed=5)


def contract():
    """The contract as plain YAML: column entries by input and column."""
    text = (PROJECT / "models" / "staging" / "_sources.yml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["sources"]
    return {
        table["name"]: {column["name"]: column for column in table["columns"]}
        for table in source["tables"]
    }


def meta(column):
    """The contract's rules of one column."""
    return column.get("config", {}).get("meta", {})


def keys():
    """Key columns by input."""
    text = (PROJECT / "models" / "staging" / "_sources.yml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["sources"]
    return {table["name"]: table["config"]["meta"]["key"] for table in source["tables"]}


def hashes(folder):
    """Content hash of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(sample: Delivered, name: str) -> list[tuple]:
    """All rows of one input as texts, sorted."""
    found = sample.query(f"select cast({name} as varchar) as row from {name} order by 1", name)
    return list(found["row"])


# ------------------------------------------------------------------ contract


def test_all_inputs_carry_exactly_the_contracts_columns(default_sample):
    """Prevents a column of the contract without sample, and a sample column without contract."""
    stated = contract()
    assert set(default_sample.truth["inputs"]) == set(stated)
    for name, columns in stated.items():
        extra = UNKNOWN.get(name, set())
        assert default_sample.columns(name) == set(columns) | extra, name


def test_codes_are_the_contracts_and_the_seeds(default_sample):
    """Prevents reason codes, channels and statuses that every loader would refuse."""
    with (PROJECT / "seeds" / "churn_reasons.csv").open(encoding="utf-8") as file:
        known = {row["reason_code"] for row in csv.DictReader(file)}
    assert set(contacts.REASONS) <= known
    for name, columns in contract().items():
        for column, entry in columns.items():
            accepted = meta(entry).get("accepted_values")
            if not accepted:
                continue
            faults = {f.text.strip("'") for f in files.FAULTS.get(name, ()) if f.column == column}
            found = default_sample.query(
                f"select distinct {column} as value from {name} where {column} is not null", name
            )["value"]
            assert set(found) - faults <= set(accepted), f"{name}.{column}"
            missing = set(accepted) - set(found) - UNUSED.get(column, set())
            assert not missing, f"{name}.{column}"


def test_generator_stands_alone():
    """Prevents truth and estimate from sharing code, which would prove nothing."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                is_own = name == "orchestration.sample_data" or name.startswith(
                    "orchestration.sample_data."
                )
                assert is_own or not name.startswith("orchestration"), f"{path.name}: {name}"


def test_truth_stands_outside_the_landing_folder(default_sample):
    """Prevents a model from reading the truth by taking the landing folder."""
    assert not list(default_sample.landing.rglob("*truth*"))
    assert (default_sample.folder / "truth.json").is_file()
    stated = json.loads((default_sample.folder / "truth.json").read_text(encoding="utf-8"))
    assert stated["parameters"] == Parameters().as_json()


def test_default_sample_has_the_stated_size(default_sample):
    """Prevents a default sample that drifts away from what the README promises."""
    happened, inputs = default_sample.truth["happened"], default_sample.truth["inputs"]
    assert happened["people"] == 5000
    assert 55_000 < inputs["orders"]["rows_to_load"] < 66_000
    assert 110_000 < inputs["order_items"]["rows_to_load"] < 132_000
    assert 900 < happened["subscriber"] < 1100
    assert default_sample.truth["derived"]["first_day"] == "2023-11-01"


# ------------------------------------------------------------------ same bytes


def test_same_seed_gives_the_same_bytes(tmp_path):
    """Prevents a sample that cannot be made again."""
    for folder in ("one", "two"):
        generate(SMALL, tmp_path / folder)
    generate(Parameters(**{**SMALL.__dict__, "seed": 6}), tmp_path / "three")
    one, two, three = (hashes(tmp_path / folder) for folder in ("one", "two", "three"))
    assert one == two
    assert len(one) > 30
    differing = {name for name in one if one[name] != three.get(name)}
    assert "landing/orders/orders_1_00000.csv" in differing


def test_files_and_workers_do_not_change_the_content(tmp_path):
    """Prevents rows that depend on how the work was cut."""
    generate(SMALL, tmp_path / "whole")
    generate(SMALL, tmp_path / "cut", people_per_file=BLOCK_SIZE, workers=2)
    generate(SMALL, tmp_path / "in order", people_per_file=BLOCK_SIZE)
    assert hashes(tmp_path / "cut") == hashes(tmp_path / "in order")
    truths = [json.loads((tmp_path / f / "truth.json").read_text()) for f in ("whole", "cut")]
    for truth in truths:
        del truth["identity"], truth["files"]
    assert truths[0] == truths[1]
    whole, cut = (Delivered(tmp_path / name, truths[0]) for name in ("whole", "cut"))
    for name in files.LAYOUTS:
        if name in files.BLOCK_INPUTS:
            assert len(cut.files(name)) >= 2
        assert rows(whole, name) == rows(cut, name), name


def test_ids_of_different_blocks_never_meet(tmp_path):
    """Prevents two blocks from giving one id to two rows."""
    sample = write(tmp_path, SMALL, None)
    for name, key in keys().items():
        listed = ", ".join(key)
        twice = sample.value(
            f"""
            select count(*) from (
                select {listed} from (select distinct * from {name}) as told
                where {" and ".join(f"{column} is not null" for column in key[:1])}
                group by {listed} having count(*) > 1
            )
            """,
            name,
        )
        told_twice = sample.truth["inputs"][name]["corrected"]
        refused = sum(sample.truth["inputs"][name]["refused"].values())
        # the same key in different words: corrections, and spoiled copies where no id is drawn
        assert twice <= told_twice + (refused if name not in ID_DRAWN else 0), name


ID_DRAWN = set(files.BLOCK_INPUTS) - {"contact_preferences", "onboarding_events", "product_usage"}


# ------------------------------------------------------------------ dates


def test_no_event_lies_after_the_last_day(default_sample):
    """Prevents events from the future, which every loader refuses."""
    end = "timestamptz '2026-11-01 00:00:00+00'"
    checked = 0
    for name, columns in contract().items():
        events = [column for column, entry in columns.items() if meta(entry).get("event")]
        if not events:
            continue
        counts = ", ".join(
            f"count(*) filter (where try_cast(cast({column} as varchar) as timestamptz) >= {end}) "
            f"as {column}, count({column}) as {column}_known"
            for column in events
        )
        found = default_sample.query(f"select {counts} from {name}", name)
        assert {column: int(found[column][0]) for column in events} == dict.fromkeys(events, 0)
        assert all(found[f"{column}_known"][0] > 0 for column in events)
        checked += len(events)
    assert checked == 28


def test_each_order_follows_the_account_and_precedes_its_refunds(default_sample):
    """Prevents histories that run backwards."""
    backwards = default_sample.query(
        """
        with good as (select * from orders where try_cast(ordered_at as timestamp) is not null),
        accounts as (
            select customer_id, min(try_cast(signed_up_at as timestamp)) as signed_up_at
            from customers group by customer_id
        )
        select
            (select count(*) from good
                inner join accounts on accounts.customer_id = good.customer_id
                where accounts.signed_up_at > cast(good.ordered_at as timestamp)
                    and good.status <> 'failed') as before_account,
            (select count(*) from good
                where cast(paid_at as timestamp) < cast(ordered_at as timestamp)) as paid_before,
            (select count(*) from refunds
                inner join good on good.order_id = refunds.order_id
                where try_cast(refunds.refunded_at as timestamp)
                    < cast(good.ordered_at as timestamp)) as refunded_before
        """,
        "orders", "customers", "refunds",
    )  # fmt: skip
    assert {name: int(column[0]) for name, column in backwards.items()} == {
        "before_account": 0,
        "paid_before": 0,
        "refunded_before": 0,
    }


def test_stretches_of_an_item_do_not_overlap(plain):
    """Prevents subscriptions that are in two states at once, beyond the overlaps stated (E83)."""
    sql = """
        select count(*) from (
            select cast(starts_at as timestamp) as begins, cast(ends_at as timestamp) as ends,
                lead(cast(starts_at as timestamp)) over (
                    partition by subscription_id, item_id order by starts_at
                ) as next
            from (select distinct * from subscription_periods where status <> 'sleeping')
        )
        where next is not null and (ends is null or ends > next) or ends <= begins
    """
    whole = {"pause_rate": 0.03, "past_due_rate": 0.05, "upgrade_rate": 0.03, "trial_share": 0.3}
    clean = plain(("subscription_periods",), subscriber_share=1.0, **whole)
    assert clean.value("select count(*) from subscription_periods", "subscription_periods") > 5000
    assert clean.value(sql, "subscription_periods") == 0
    messy = plain(("subscription_periods",), subscriber_share=1.0, **whole, duplicate_share=0.05)
    assert (
        messy.value(sql, "subscription_periods") == messy.truth["happened"]["overlapping stretches"]
    )
    assert messy.truth["happened"]["overlapping stretches"] > 20


# ------------------------------------------------------------------ money


def test_lines_sum_to_the_order(default_sample):
    """Prevents lines and orders that state different money."""
    found = default_sample.query(
        """
        with lines as (
            select order_id,
                sum(round(cast(
                    cast(quantity as bigint) * cast(unit_price as decimal(18, 6))
                as decimal(18, 6)), 2)) as goods,
                sum(coalesce(cast(discount_amount as decimal(18, 2)), 0)) as discount
            from (select distinct * from order_items)
            where try_cast(unit_price as decimal(18, 6)) is not null
                and cast(quantity as bigint) > 0 and order_item_id not like 'OI-_9_______'
            group by order_id
        ),
        good as (
            select distinct order_id, round(try_cast(gross_amount as decimal(18, 6)), 2) as gross,
                coalesce(cast(shipping_amount as decimal(18, 2)), 0) as shipping,
                coalesce(try_cast(discount_amount as decimal(18, 2)), 0) as discount,
                prices_include_tax = 'false' is true as is_untaxed
            from orders where order_id not like 'O-_9______' and ordered_at is not null
        )
        select count(*) as orders,
            count(*) filter (where gross <> goods + case when is_untaxed then 0 else shipping end)
                as differing,
            count(*) filter (where lines.discount > good.discount) as overdiscounted,
            count(*) filter (where is_untaxed) as untaxed
        from good inner join lines on lines.order_id = good.order_id
        """,
        "orders",
        "order_items",
    )
    assert found["orders"][0] > 55_000
    assert found["differing"][0] == 0
    assert found["overdiscounted"][0] == 0
    assert found["untaxed"][0] > 1000


def test_net_revenue_of_orders_is_their_true_spend(default_sample):
    """Prevents tax, shipping or discount from eating into the stated spend."""
    delivered = default_sample.query(
        """
        select distinct order_id,
            round(cast(gross_amount as decimal(18, 6)), 2)
                - coalesce(cast(discount_amount as decimal(18, 2)), 0)
                - case when prices_include_tax = 'false' is true then 0 else
                    coalesce(cast(tax_amount as decimal(18, 2)), 0)
                    + coalesce(cast(shipping_amount as decimal(18, 2)), 0) end
                - case when holds_card then 25 else 0 end as net
        from (
            select *, order_id in (select order_id from order_items where product_id = 'P-000')
                as holds_card
            from orders
        )
        where order_id not like 'O-_9______' and status not in ('shipped?')
        order by order_id
        """,
        "orders", "order_items",
    )  # fmt: skip
    true = default_sample.true(
        "select order_id, net_cents / 100.0 as net, kind from orders order by order_id"
    )
    known = dict(zip(delivered["order_id"], delivered["net"].astype(float), strict=True))
    kept = true["kind"] != "gift card only"
    assert len(known) == len(true["order_id"])
    difference = [
        abs(known[order] - net)
        for order, net in zip(true["order_id"][kept], true["net"][kept], strict=True)
    ]
    assert max(difference) < 0.005


def test_every_currency_has_a_rate_every_day(default_sample):
    """Prevents a missing rate, which stops a refresh (E46)."""
    found = default_sample.query(
        "select count(*) as days, min(rate_date) as first, max(rate_date) as last, "
        "max(length(rate_to_reporting)) as digits from exchange_rates",
        "exchange_rates",
    )
    assert (found["days"][0], found["first"][0], found["last"][0]) == (
        1096,
        "2023-11-01",
        "2026-10-31",
    )
    currencies = default_sample.query(
        "select distinct currency from orders where currency is not null and currency <> 'EURO'",
        "orders",
    )
    assert set(currencies["currency"]) == {"EUR", "USD"}


def test_loyalty_points_never_run_short(default_sample):
    """Prevents members who spend points they do not have."""
    short = default_sample.value(
        """
        select count(*) from (
            select sum(cast(points as bigint)) over (
                partition by customer_id order by cast(occurred_at as timestamp), event_id
            ) as balance
            from (
                select distinct * from loyalty_events
                where try_cast(points as bigint) is not null and action <> 'gift'
            )
        ) where balance < 0
        """,
        "loyalty_events",
    )
    assert short == 0


def test_people_held_back_receive_nothing(default_sample):
    """Prevents control groups that were written to."""
    found = default_sample.query(
        """
        select variant, count(*) as messages, count(delivered_at) as delivered,
            count(opened_at) as opened
        from messages where variant <> 'B' group by variant order by variant
        """,
        "messages",
    )
    assert list(found["variant"]) == ["control", "treatment"]
    assert found["delivered"][0] == found["opened"][0] == 0
    assert found["delivered"][1] / found["messages"][1] > 0.97
    assert 0.1 < found["opened"][1] / found["messages"][1] < 0.5


def test_nobody_is_written_to_after_opting_out(default_sample):
    """Prevents a sample in which consent means nothing."""
    written = default_sample.value(
        """
        select count(*) from messages
        inner join contact_preferences as preference
            on preference.customer_id = messages.customer_id and preference.channel = 'email'
        where preference.opted_in = 'false' and messages.variant = 'treatment'
            and try_cast(messages.sent_at as timestamptz)
                > try_cast(preference.changed_at || '+00' as timestamptz)
        """,
        "messages",
        "contact_preferences",
    )
    assert written == 0


# ------------------------------------------------------------------ mess

PREDICATES = {
    "type": lambda column, entry: (
        f"try_cast({column} as {entry['data_type']}) is null and {column} is not null"
    ),
    "required": lambda column, _: f"{column} is null",
    "accepted_values": lambda column, entry: (
        f"{column} not in ("
        + ", ".join(f"'{value}'" for value in meta(entry)["accepted_values"])
        + ")"
    ),
    "minimum": lambda column, _: f"try_cast({column} as double) < 0",
    "maximum": lambda column, _: f"try_cast({column} as double) > 10",
    "format": lambda column, _: f"not regexp_full_match({column}, '[A-Z]{{3}}')",
    "seed": lambda column, _: f"{column} = 'because'",
    "after": lambda column, entry: (
        f"cast({column} as timestamptz) <= cast({meta(entry)['after']} as timestamptz)"
    ),
    "not_before": lambda column, entry: (
        f"try_cast({column} as timestamp) < try_cast({meta(entry)['not_before']} as timestamp)"
    ),
}


def test_refused_lines_are_as_counted_and_no_others(default_sample):
    """Prevents counts a loader cannot be held against: each rule is applied to the files anew."""
    stated = contract()
    for name, facts in default_sample.truth["inputs"].items():
        if name in files.FAULTS:
            assert facts["rows_refused"] / facts["rows_delivered"] < 0.02, name
        if name == "refunds":  # its decimal commas are for a loader to read
            continue
        predicates = {
            f"{name}.{column}.{rule}": predicate(column, entry)
            for column, entry in stated[name].items()
            for rule, predicate in PREDICATES.items()
            if has_rule(entry, rule)
        }
        listed = ", ".join(
            f'count(*) filter (where {text}) as "{check}"' for check, text in predicates.items()
        )
        found = default_sample.query(f"select {listed} from {name}", name)
        broken = {check: int(column[0]) for check, column in found.items() if column[0]}
        assert broken == facts["refused"], name


def has_rule(entry, rule):
    """Whether a column of the contract has a rule that the delivered text can be held against."""
    if rule == "type":
        return entry["data_type"] != "varchar" and "personal" not in meta(entry)
    return rule in meta(entry)


def test_held_rows_lack_their_counterpart(default_sample):
    """Prevents lines without order, or orders without lines, beyond those counted (E47)."""
    orphans = default_sample.value(
        "select count(*) from order_items where order_id not in (select order_id from orders)",
        "order_items",
        "orders",
    )
    stated = default_sample.truth["inputs"]
    assert orphans == stated["order_items"]["held"]["order_items.order_id.reference"]
    itemless = default_sample.value(
        "select count(*) from orders where order_id not in (select order_id from order_items)",
        "order_items",
        "orders",
    )
    refused = sum(stated["orders"]["refused"].values())
    assert itemless == stated["orders"]["held"]["orders.order_items.missing"] + refused


def test_what_remains_is_one_row_per_key(default_sample):
    """Prevents counts that do not add up: delivered = refused + superseded + one row per key."""
    stated = contract()
    for name, key in keys().items():
        if name not in files.BLOCK_INPUTS or name == "refunds":
            continue
        facts = default_sample.truth["inputs"][name]
        bad = []
        for check in facts["refused"]:
            column, rule = check.split(".")[1:]
            bad.append(f"coalesce({PREDICATES[rule](column, stated[name][column])}, false)")
        where = " and ".join(f"not ({text})" for text in bad)
        number = default_sample.value(
            f"select count(distinct ({', '.join(key)})) from {name} where {where}", name
        )
        assert number == facts["rows_to_load"] + sum(facts["held"].values()), name


def test_later_files_hold_late_rows_and_corrections(default_sample):
    """Prevents a later delivery that has nothing to correct."""
    first, later = default_sample.files("orders")
    assert first.name < later.name
    with duckdb.connect() as con:
        read = "read_csv('{}', all_varchar = true)"
        found = con.execute(
            f"""
            select count(*) filter (where before.order_id is null) as late,
                count(*) filter (where before.status = 'pending' and after.status <> 'pending')
                    as corrected
            from {read.format(later)} as after
            left join (select distinct * from {read.format(first)}) as before
                on before.order_id = after.order_id
            """
        ).fetchone()
    facts = default_sample.truth["inputs"]["orders"]
    assert found[0] == pytest.approx(facts["late"], rel=0.05)
    assert found[1] == pytest.approx(facts["corrected"], rel=0.05)


BY_ORDER = "select avg(cast({} as int)) from orders"
BY_CUSTOMER = "select avg(cast({} as int)) from customers"
MESS = {
    "duplicate_share": (0.02, "select 1 - count(distinct orders) / count(*) from orders"),
    "orphan_item_share": (
        0.02,
        "select avg(cast(order_id like 'O-missing%' as int)) from order_items",
    ),
    "guest_order_share": (0.1, BY_ORDER.format("guest_email is not null")),
    "anonymous_share": (
        0.1,
        "select count(*) filter (where customer_id is null) / count(customer_id) from orders",
    ),
    "cancelled_share": (
        0.05,
        "select count(*) filter (where status = 'cancelled') "
        "/ count(*) filter (where status <> 'cancelled') from orders",
    ),
    "discounted_share": (0.3, BY_ORDER.format("discount_amount is not null")),
    "untaxed_share": (0.2, BY_ORDER.format("prices_include_tax = 'false' is true")),
    "cents_tie_share": (0.1, BY_ORDER.format("length(split_part(gross_amount, '.', 2)) = 3")),
    "second_order_share": (
        0.1,
        "select 1 - count(distinct (customer_id, ordered_at[:10])) / count(*) from orders",
    ),
    "partial_refund_share": (
        0.2,
        "select count(*) / (select count(*) from orders) from refunds",
    ),
    "usd_share": (0.2, BY_CUSTOMER.format("country = 'US'")),
    "shared_email_share": (0.1, BY_CUSTOMER.format("email like 'purchasing@%'")),
    "merge_share": (
        0.1,
        "select count(merged_into_customer_id) / (count(*) - count(merged_into_customer_id)) "
        "from customers",
    ),
}


@pytest.mark.parametrize("parameter", MESS)
def test_shares_of_mess_are_kept(plain, parameter):
    """Prevents a kind of mess that is stated and absent, or there although switched off."""
    share, sql = MESS[parameter]
    names = ("orders", "order_items", "refunds", "customers")
    # a few refunds, so that the file is there when none are stated
    small = {"customers": BLOCK_SIZE, "subscriber_share": 0.0, "orphan_refund_share": 1e-3}
    without = float(plain(names, **small).value(sql, *names))
    found = float(plain(names, **small, **{parameter: share}).value(sql, *names))
    assert without < 0.05
    assert found - without == pytest.approx(share, rel=0.2)


def test_guests_are_written_in_other_ways(default_sample):
    """Prevents guest orders that any join by equality would match (E13)."""
    found = default_sample.query(
        """
        with accounts as (select distinct lower(trim(email)) as email, email as written
                          from customers where email is not null)
        select count(*) as guests,
            count(*) filter (where lower(trim(guest_email)) in (select email from accounts))
                as known,
            count(*) filter (where guest_email in (select written from accounts)) as equal
        from orders where guest_email is not null
        """,
        "orders", "customers",
    )  # fmt: skip
    guests, known, equal = (int(found[name][0]) for name in ("guests", "known", "equal"))
    assert guests > 1000
    assert 0.2 < known / guests < 0.8
    assert equal < 0.7 * known


def test_erased_customers_leave_no_personal_data(default_sample):
    """Prevents erased people who keep their address (E23)."""
    found = default_sample.query(
        """
        select count(*) as erased, count(email) + count(phone) + count(birth_date) + count(city)
            as left_over
        from customers where deleted_at is not null
        """,
        "customers",
    )
    assert found["erased"][0] > 5
    assert found["left_over"][0] == 0


# ------------------------------------------------------------------ parameters and command line


def test_parameters_refuse_what_does_not_fit():
    """Prevents a mistyped parameter from being ignored."""
    with pytest.raises(ParameterError, match="alhpa=2"):
        Parameters().with_assignments(["alhpa=2"])
    with pytest.raises(ParameterError, match="'much' does not fit r"):
        Parameters().with_assignments(["r=much"])
    with pytest.raises(ParameterError, match="guest_share"):
        Parameters(guest_share=1.5)
    with pytest.raises(ParameterError, match="alpha must be above 0"):
        Parameters(alpha=0.0)
    assert Parameters().with_assignments(["r=2", "r=3", "customers=10"]).r == 3.0


def test_every_parameter_is_described_and_in_the_truth():
    """Prevents a parameter that nobody can look up."""
    described = Parameters.__doc__
    for name in Parameters().as_json():
        assert f"        {name}: " in described, name
    assert set(PLAIN) < set(Parameters().as_json())


def test_command_line_writes_and_refuses(tmp_path, capsys):
    """Prevents a command that fails without words, or overwrites what is not its own."""
    out = tmp_path / "sample"
    common = ["--customers", "300", "--years", "0.5", "--out", str(out)]
    assert main([*common, "--param", "r=0.9"]) == 0
    truth = json.loads((out / "truth.json").read_text())
    assert truth["parameters"]["r"] == 0.9
    written = (out / "landing" / "products.csv").stat().st_mtime_ns

    assert main([*common, "--param", "r=0.9"]) == 0
    assert (out / "landing" / "products.csv").stat().st_mtime_ns == written
    shutil.rmtree(out / "landing" / "orders")
    assert main([*common, "--param", "r=0.9"]) == 0
    assert (out / "landing" / "orders").is_dir()
    assert main([*common, "--param", "nothing=1"]) == 2
    assert "nothing=1" in capsys.readouterr().err

    foreign = tmp_path / "foreign" / "landing"
    foreign.mkdir(parents=True)
    (foreign / "orders.csv").write_text("order_id\n1\n")
    with pytest.raises(SampleError, match=r"no truth\.json"):
        generate(Parameters(customers=100), tmp_path / "foreign")
    assert (foreign / "orders.csv").read_text() == "order_id\n1\n"


def test_a_tiny_sample_without_subscribers_has_no_empty_files(tmp_path):
    """Prevents empty files, which a loader must refuse for a required input."""
    parameters = Parameters(customers=40, years=1.0, subscriber_share=0.0)
    sample = write(tmp_path, parameters, None)
    assert not sample.files("subscription_periods")
    assert all(path.stat().st_size > 0 for path in sample.landing.rglob("*") if path.is_file())
    assert sample.truth["inputs"]["subscription_periods"]["rows_delivered"] == 0


def test_truth_says_who_dropped_out(default_sample):
    """Prevents a truth that does not fit what was delivered."""
    true = default_sample.true(
        """
        select avg(cast(dropped_out_at is not null as int)) as gone,
            avg(purchases) as purchases, avg(purchases_per_week) as rate, avg(dropout) as dropout
        from customers where is_shopper
        """
    )
    assert 0.3 < true["gone"][0] < 0.7
    assert true["rate"][0] == pytest.approx(1.1 / 3.4, rel=0.06)
    assert true["dropout"][0] == pytest.approx(0.7 / 7.7, rel=0.06)
    subscriptions = default_sample.true(
        "select plan, avg(chance_to_leave) as chance from subscriptions group by plan order by plan"
    )
    chances = dict(zip(subscriptions["plan"], subscriptions["chance"], strict=True))
    assert chances["basic"] == pytest.approx(0.0698, rel=0.25)
    assert np.all([0 < chance < 1 for chance in chances.values()])


def test_refunds_fit_their_orders(default_sample):
    """Prevents refunds in another sign, of other orders, or of kinds other than stated."""
    found = default_sample.query(
        """
        with told as (select distinct * from refunds),
        read as (
            select order_id, reason, try_cast(replace(amount, ',', '.') as decimal(18, 2)) as money
            from told where amount is not null and refunded_at <> 'soon'
        ),
        paid as (
            select distinct order_id, status,
                round(try_cast(gross_amount as decimal(18, 6)), 2)
                - coalesce(try_cast(discount_amount as decimal(18, 2)), 0)
                + case when prices_include_tax = 'false' is true then
                    coalesce(cast(tax_amount as decimal(18, 2)), 0)
                    + coalesce(cast(shipping_amount as decimal(18, 2)), 0) else 0 end as total
            from orders where order_id not like 'O-_9______' and status <> 'pending'
        )
        select
            (select count(*) from told where amount like '%.%') as with_point,
            (select count(*) from told where amount is null) as without_amount,
            (select count(*) from told where refunded_at = 'soon') as without_day,
            count(*) filter (where read.order_id like 'O-old-%') as orphan,
            count(*) filter (where paid.status = 'refunded' and money = total) as whole,
            count(*) filter (where paid.status = 'refunded' and money <> total) as not_whole,
            count(*) filter (where money > total) as beyond,
            count(*) filter (where money < 0 and reason <> 'chargeback won') as negative,
            count(*) filter (where paid.order_id is null and read.order_id not like 'O-old-%')
                as of_nothing
        from read left join paid on paid.order_id = read.order_id
        """,
        "refunds",
        "orders",
    )
    found = {name: int(column[0]) for name, column in found.items()}
    happened = default_sample.truth["happened"]
    refused = default_sample.truth["inputs"]["refunds"]["refused"]
    assert found == {
        "with_point": 0,
        "without_amount": refused["refunds.amount.required"],
        "without_day": refused["refunds.refunded_at.type"],
        "orphan": happened["refunds: orphan"],
        "whole": happened["refunds: full"] - happened["refunds: unrecorded"],
        "not_whole": 0,
        "beyond": happened["refunds: over"],
        "negative": 0,
        "of_nothing": 0,
    }
