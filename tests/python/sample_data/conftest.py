"""Samples for the tests, each written once."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.sample_data.parameters import Parameters
from tests.python.sample_data.delivered import Delivered, write

ORDERS = ("orders",)


@pytest.fixture(scope="session")
def default_sample(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """The sample that `make refresh` makes, all inputs and all mess."""
    return write(tmp_path_factory.mktemp("default"), Parameters(), None)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Delivered]]:
    """Makes samples of the textbook process, some parameters changed; equal ones only once."""
    made: dict[Any, Delivered] = {}

    def make(inputs: tuple[str, ...] = ORDERS, **changes: Any) -> Delivered:
        parameters = dataclasses.replace(Parameters(customers=5000, seed=11).plain(), **changes)
        key = (parameters, inputs)
        if key not in made:
            made[key] = write(Path(tmp_path_factory.mktemp("plain")), parameters, inputs)
        return made[key]

    yield make
    made.clear()
