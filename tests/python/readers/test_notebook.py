"""The example notebook runs from its first cell to its last and draws what the marts say."""

import json

import duckdb
import pytest

from orchestration.settings import PROJECT
from tests.python.readers.conftest import HERE

NOTEBOOK = PROJECT / "examples" / "notebook" / "churn_and_mrr.ipynb"


def test_the_notebook_draws_what_the_marts_say(reader, sample_warehouse):
    """The first thing a newcomer opens would stop at its second cell."""
    told = reader(
        HERE / "notebook.py", NOTEBOOK, HOLDFAST_WAREHOUSE=str(sample_warehouse.warehouse)
    )
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        churn = con.execute(
            "select 100 * churn_rate from retention.retention_rates where grain = 'month' "
            "and basis = 'any' and dimension = 'all' and is_complete order by period_start"
        ).fetchall()
        mrr = con.execute(
            "select closing_revenue::double from revenue.revenue_retention where grain = 'month' "
            "and basis = 'subscriptions' and dimension = 'all' and is_complete "
            "order by period_start"
        ).fetchall()
    assert told["shown"] == 3
    assert len(told["figures"]) == 2
    expected = [float("nan") if rate is None else rate for (rate,) in churn]
    assert told["line"] == pytest.approx(expected, nan_ok=True)
    assert told["bars"] == pytest.approx([amount for (amount,) in mrr])
    assert len(churn) > 20
    assert len(mrr) > 20


def test_the_notebook_is_kept_without_outputs():
    """Numbers of somebody's customers would be committed with it."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
