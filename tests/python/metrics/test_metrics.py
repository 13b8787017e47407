"""Each metric gives what the marts hold, by every grouping that is allowed; the others are refused.

The expected side is SQL on the published marts. One child process answers all questions.
"""

import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.settings import PROJECT

DIMENSION = "{{ Dimension('%s__dimension') }} = '%s'"
RETENTION = "from retention.retention_rates where dimension = 'all' and basis = 'any' and grain ="
MRR = (
    "from revenue.revenue_retention where basis = 'subscriptions' and dimension = 'all' and grain ="
)
TRAILING = f"{MRR} 'trailing_12_months' and is_complete"

# Arguments of `mf query` -> what the marts say, columns in the order of the answer.
CASES = {
    # balances: the last month of the time asked for
    "--metrics active_customers": (
        f"select closing {RETENTION} 'month' order by period_start desc limit 1"
    ),
    "--metrics active_customers,monthly_churn_rate,monthly_retention_rate "
    "--group-by metric_time__month": (
        f"select period_start, closing, churn_rate, retention_rate {RETENTION} 'month'"
    ),
    "--metrics active_customers --group-by metric_time__quarter": (
        "select date_trunc('quarter', period_start), max_by(closing, period_start) "
        f"{RETENTION} 'month' group by 1"
    ),
    "--metrics active_order_customers,active_subscribers --group-by metric_time__month": (
        "select period_start, max(closing) filter (basis = 'orders'), "
        "max(closing) filter (basis = 'subscriptions') from retention.retention_rates "
        "where grain = 'month' and dimension = 'all' and basis <> 'any' group by 1"
    ),
    "--metrics active_customers,monthly_churn_rate --group-by metric_time__month,cell__segment "
    f'--where "{DIMENSION % ("cell", "country")}"': (
        "select period_start, 'country=' || value, closing, churn_rate "
        "from retention.retention_rates "
        "where grain = 'month' and basis = 'any' and dimension = 'country'"
    ),
    # one dimension is everybody, however it is cut
    f'--metrics active_customers,monthly_churn_rate --where "{DIMENSION % ("cell", "country")}"': (
        "select max_by(closing, period_start), "
        "sum(lost) filter (is_complete) / sum(opening) filter (is_complete) "
        f"{RETENTION} 'month'"
    ),
    "--metrics active_customers --group-by cell__segment": (
        "select dimension || '=' || value, closing from retention.retention_rates "
        "where grain = 'month' and basis = 'any' "
        "qualify period_start = max(period_start) over ()"
    ),
    "--metrics monthly_new_customers,monthly_returned_customers,monthly_lost_customers "
    "--group-by metric_time__year": (
        "select date_trunc('year', period_start), sum(new), sum(returned), sum(lost) "
        f"{RETENTION} 'month' group by 1"
    ),
    # a longer time is asked of its own grain; several periods are sum ÷ sum (E51)
    "--metrics quarterly_churn_rate,quarterly_retention_rate --group-by metric_time__quarter": (
        f"select period_start, churn_rate, retention_rate {RETENTION} 'quarter' and is_complete"
    ),
    "--metrics yearly_churn_rate,yearly_retention_rate --group-by metric_time__year": (
        f"select period_start, churn_rate, retention_rate {RETENTION} 'year' and is_complete"
    ),
    "--metrics monthly_churn_rate --group-by metric_time__quarter": (
        "select date_trunc('quarter', period_start), sum(lost) / nullif(sum(opening), 0) "
        f"{RETENTION} 'month' and is_complete group by 1"
    ),
    "--metrics monthly_orders_churn_rate,monthly_orders_retention_rate "
    "--group-by metric_time__month": (
        "select period_start, churn_rate, retention_rate from retention.retention_rates "
        "where grain = 'month' and basis = 'orders' and dimension = 'all' and is_complete"
    ),
    "--metrics monthly_subscriptions_churn_rate,monthly_subscriptions_retention_rate "
    "--group-by metric_time__month": (
        "select period_start, churn_rate, retention_rate from retention.retention_rates "
        "where grain = 'month' and basis = 'subscriptions' and dimension = 'all' and is_complete"
    ),
    # recurring revenue
    "--metrics mrr,arr --group-by metric_time__month": (
        "select period_start, sum(closing_mrr), 12 * sum(closing_mrr) "
        "from revenue.mrr_movements group by 1"
    ),
    "--metrics mrr --group-by revenue_cell__segment "
    f'--where "{DIMENSION % ("revenue_cell", "plan")}"': (
        "select 'plan=' || value, closing_revenue from revenue.revenue_retention "
        "where grain = 'month' and basis = 'subscriptions' and dimension = 'plan' "
        "qualify period_start = max(period_start) over ()"
    ),
    "--metrics monthly_mrr_gross_churn_rate,monthly_mrr_net_churn_rate,"
    "monthly_mrr_gross_retention_rate,monthly_mrr_net_retention_rate "
    "--group-by metric_time__month": (
        "select period_start, gross_churn_rate, net_churn_rate, gross_retention_rate, "
        f"net_retention_rate {MRR} 'month' and is_complete"
    ),
    "--metrics trailing_12_months_mrr_gross_churn_rate,trailing_12_months_mrr_net_churn_rate,"
    "trailing_12_months_mrr_gross_retention_rate,trailing_12_months_mrr_net_retention_rate": (
        "select gross_churn_rate, net_churn_rate, gross_retention_rate, net_retention_rate "
        f"{TRAILING} order by period_start desc limit 1"
    ),
    # orders: any attribute of the order or of its person, any time
    "--metrics orders,net_revenue,buyers,average_order_value,net_revenue_per_buyer "
    "--group-by metric_time__month,customer__country": (
        "select date_trunc('month', ordered_on), country, count(*), sum(orders.net_revenue), "
        "count(distinct customer_id), sum(orders.net_revenue) / count(*), "
        "sum(orders.net_revenue) / nullif(count(distinct customer_id), 0) "
        "from core.orders left join core.customers using (customer_id) where is_valid group by 1, 2"
    ),
    "--metrics orders,net_revenue,average_order_value --group-by order__sales_channel": (
        "select sales_channel, count(*), sum(net_revenue), sum(net_revenue) / count(*) "
        "from core.orders where is_valid group by 1"
    ),
    "--metrics component_revenue,component_revenue_refund_basis "
    "--group-by metric_time__quarter,growth__component": (
        "select date_trunc('quarter', period_start), component, "
        "sum(revenue) filter (refund_basis = 'order_basis'), "
        "sum(revenue) filter (refund_basis = 'refund_basis') "
        "from revenue.revenue_growth group by 1, 2"
    ),
}

# What has no answer is not asked: a quarter's churn of one month, an order's trait of people.
REFUSED = [
    "--metrics quarterly_churn_rate --group-by metric_time__month",
    "--metrics yearly_churn_rate --group-by metric_time__quarter",
    "--metrics mrr --group-by metric_time__day",
    "--metrics active_customers --group-by cell__value",
    "--metrics active_customers --group-by customer__country",
    "--metrics component_revenue --group-by growth__refund_basis",
]


def question(arguments: str) -> dict:
    """The arguments of `mf query` as a question to the child."""
    words = shlex.split(arguments)
    given = dict(zip(words[::2], words[1::2], strict=True))
    return {
        "metrics": given["--metrics"].split(","),
        "group_by": given["--group-by"].split(",") if "--group-by" in given else [],
        "where": [given["--where"]] if "--where" in given else [],
    }


@pytest.fixture(scope="module")
def asked(sample_warehouse, tmp_path_factory) -> dict:
    """Answers to all questions and the outcome of `mf validate-configs`, from one child."""
    folder = tmp_path_factory.mktemp("metrics")
    for name in ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests"):
        (folder / name).symlink_to(PROJECT / name)
    environment = os.environ | {
        "HOLDFAST_WAREHOUSE": str(sample_warehouse.warehouse),
        "DBT_TARGET": "published",
        "DBT_PROFILES_DIR": str(folder),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    environment.pop("DBT_TARGET_PATH", None)
    (folder / "questions.json").write_text(
        json.dumps([question(arguments) for arguments in [*CASES, *REFUSED]])
    )
    dbt = str(Path(sys.executable).parent / "dbt")
    child = [sys.executable, str(Path(__file__).parent / "ask.py"), "questions.json", "answers"]
    for command in ([dbt, "--quiet", "--warn-error", "parse"], child):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((folder / "answers").read_text())
    return {
        "validation": told["validation"],
        "answers": dict(zip([*CASES, *REFUSED], told["answers"], strict=True)),
    }


def comparable(cell: object) -> object:
    """A cell as a number where it is one, else as text; a day as MetricFlow writes it."""
    if cell is None:
        return None
    text = str(cell).removesuffix(" 00:00:00")
    try:
        return float(text)
    except ValueError:
        return text


def same(left: object, right: object) -> bool:
    """Whether two cells say the same, doubles to nine digits."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    return left == right


def key(row: list) -> list[str]:
    return [str(cell) for cell in row if not isinstance(cell, float)]


@pytest.mark.parametrize("arguments", CASES)
def test_a_metric_is_what_the_marts_hold(asked, sample_warehouse, arguments):
    answer = asked["answers"][arguments]
    assert "refused" not in answer, answer.get("refused")
    wanted = question(arguments)
    order = [answer["columns"].index(name) for name in wanted["group_by"] + wanted["metrics"]]
    groups = len(wanted["group_by"])

    def told(rows) -> list[list]:
        # a group of which nothing is known says nothing: every metric null
        return [row for row in rows if any(cell is not None for cell in row[groups:])]

    given = told([comparable(row[place]) for place in order] for row in answer["rows"])
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as connection:
        rows = connection.execute(CASES[arguments]).fetchall()
    expected = told([comparable(cell) for cell in row] for row in rows)
    given.sort(key=key)
    expected.sort(key=key)
    assert expected, "the sample has nothing to compare"
    assert len(given) == len(expected)
    for left, right in zip(given, expected, strict=True):
        assert all(same(one, other) for one, other in zip(left, right, strict=True)), (left, right)


@pytest.mark.parametrize("arguments", REFUSED)
def test_a_wrong_grouping_is_refused(asked, arguments):
    assert "InvalidQueryException" in asked["answers"][arguments].get("refused", "answered")


def test_the_semantic_models_fit_the_marts(asked):
    code, output = asked["validation"]
    assert code == 0, output


def test_every_metric_is_tested():
    names = {
        metric["name"]
        for path in sorted((PROJECT / "models/metrics").glob("*.yml"))
        for metric in yaml.safe_load(path.read_text(encoding="utf-8"))["metrics"]
    }
    answered = {name for arguments in CASES for name in question(arguments)["metrics"]}
    assert {name for name in names if not name.startswith("part_")} == answered


def test_the_examples_of_the_docs_are_tested():
    text = (PROJECT / "docs/metrics.md").read_text(encoding="utf-8")
    examples = [
        line.removeprefix("make metrics ASK='").removesuffix("'").replace("'\\''", "'")
        for line in text.splitlines()
        if line.startswith("make metrics ASK=")
    ]
    assert len(examples) >= 3
    assert [example for example in examples if example not in CASES] == []
