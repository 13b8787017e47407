"""A benchmark of a few hundred people, run once per session."""

import dataclasses

import pytest

from orchestration.bench import __main__ as bench
from orchestration.bench import landing as recipe
from orchestration.bench.report import SizeRuns

ORDERS = 2_000


@pytest.fixture(scope="session")
def measured(tmp_path_factory) -> SizeRuns:
    """One size, measured once, of a delivery in which no line is to be refused.

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
        *_, (size,) = bench.measure([ORDERS], 1, folder, refreshes_again=False)
    return size
