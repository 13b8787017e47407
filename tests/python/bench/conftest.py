"""What the benchmark measures, on a few hundred people, from what other tests ran already."""

import dataclasses
import shutil

import pytest

from orchestration.bench import landing as recipe
from orchestration.bench.report import SizeRuns
from orchestration.bench.runs import run_floor
from orchestration.settings import load_settings
from tests.python.shared import compiled_models, refreshed_straight

ORDERS = 2_000


@pytest.fixture(scope="session")
def measured(sample_run, tmp_path_factory) -> SizeRuns:
    """The refresh of the sample; and the floor of a delivery in which no line is to be refused.

    Late, corrected and repeated rows, guests, merges, refunds and two currencies stay: the floor
    has to come to the same marts through all of them.
    """
    folder = tmp_path_factory.mktemp("bench")
    mess = recipe.parameters_for

    def without_refusals(people: int):
        return dataclasses.replace(
            mess(people), refused_share=0.0, orphan_item_share=0.0, itemless_share=0.0
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "parameters_for", without_refusals)
        landing = recipe.make_landing(ORDERS, folder / "size")
    files = [path for path in landing.rglob("*") if path.is_file()]
    workspace = refreshed_straight(landing, folder / "warehouse", with_tests=False)
    shutil.copytree(compiled_models(load_settings()).target, workspace.dbt_target)
    return SizeRuns(
        ORDERS,
        len(files),
        sum(path.stat().st_size for path in files),
        [sample_run],
        [run_floor(workspace, load_settings(), folder / "floor")],
    )
