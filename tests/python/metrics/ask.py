"""Child of test_metrics.py: one MetricFlow engine answers every question, its answers go to a file.

MetricFlow starts dbt in its process and holds the marts open with its own settings, so it has one
of its own. `python ask.py questions.json answers.json`, in a folder that looks like the project.
"""

import contextlib
import json
import sys
from pathlib import Path

from click.testing import CliRunner
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.main import cli
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def answer(engine, question: dict) -> dict:
    """Return columns and rows (texts) of a query, or MetricFlow's refusal."""
    try:
        table = engine.query(
            MetricFlowQueryRequest.create(
                metric_names=question["metrics"],
                group_by_names=question.get("group_by", []),
                where_constraints=question.get("where", []),
            )
        ).result_df
    except Exception as error:  # a refusal is an answer, whatever its class
        return {"refused": f"{type(error).__name__}: {error}"}
    return {
        "columns": list(table.column_names),
        "rows": [[None if cell is None else str(cell) for cell in row] for row in table.rows],
    }


def main() -> None:
    questions, answers = Path(sys.argv[1]), Path(sys.argv[2])
    configuration = CLIConfiguration()
    with contextlib.redirect_stdout(sys.stderr):
        configuration.setup(configure_file_logging=False)
        engine = configuration.mf
        asked = [answer(engine, question) for question in json.loads(questions.read_text())]
        checked = CliRunner().invoke(cli, ["validate-configs"])
    answers.write_text(
        json.dumps({"answers": asked, "validation": [checked.exit_code, checked.output]})
    )


if __name__ == "__main__":
    main()
