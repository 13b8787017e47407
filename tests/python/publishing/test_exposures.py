"""Who reads the marts, as dbt's lineage shows it: models/marts/_exposures.yml."""

import re

from orchestration.publishing.marts import marts_of
from orchestration.readers.superset_bundle import read_files
from orchestration.report.charts import CHARTS
from orchestration.settings import load_settings
from orchestration.straight import read_dbt_manifest
from tests.python.shared import compiled_models

_TABLE = re.compile(r"\b(?:from|join) (\w+\.\w+)")


def test_exposures_name_exactly_what_is_read():
    """Lineage would say that nobody is hurt by a change of a mart that the report shows."""
    manifest = read_dbt_manifest(compiled_models(load_settings()).target)
    models = {f"{mart.schema}.{mart.name}": mart.model for mart in marts_of(manifest)}
    read = {table for chart in CHARTS for table in _TABLE.findall(chart.sql())}
    assert len(read) > 30
    shown = {
        f"{said['schema']}.{said['table_name']}"
        for path, said in read_files().items()
        if path.startswith("datasets/")
    }
    assert len(shown) > 8
    told = {
        node["name"]: {name.removeprefix("model.holdfast.") for name in node["depends_on"]["nodes"]}
        for node in manifest["exposures"].values()
    }
    wanted = {
        "report": {models[table] for table in read},
        "postgresql": set(models.values()),
        "superset": {models[table] for table in shown},
    }
    assert set(told) == set(wanted)
    # what the file has too much of, and what it lacks
    wrong = {name: (told[name] - wanted[name], wanted[name] - told[name]) for name in wanted}
    assert {name: both for name, both in wrong.items() if any(both)} == {}
