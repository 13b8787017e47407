"""Reads a sample as a stranger would: from its delivered files alone."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml

from orchestration.sample_data.generate import generate
from orchestration.sample_data.parameters import Parameters

READ_CSV = "all_varchar = true, header = true, quote = '\"', escape = '\"', delim = '{delimiter}'"


@dataclasses.dataclass(frozen=True)
class Delivered:
    """A sample that was written.

    Attributes:
        folder: Its folder.
        truth: The content of truth.json.
    """

    folder: Path
    truth: dict[str, Any]

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.folder / "landing"

    def files(self, name: str) -> list[Path]:
        """Files of one input, in the order of their names."""
        stated = self._stated(name).get("files")
        patterns = [stated] if stated else [f"{name}.*", f"{name}_[0-9]*", f"{name}/*"]
        return sorted(path for pattern in patterns for path in self.landing.glob(pattern))

    def _stated(self, name: str) -> dict[str, Any]:
        """What inputs.yml says of one input."""
        text = (self.landing / "inputs.yml").read_text(encoding="utf-8")
        return yaml.safe_load(text)["inputs"].get(name, {})

    def columns(self, name: str) -> set[str]:
        """Columns of one input under the contract's names."""
        with duckdb.connect() as con:
            shown = con.execute(f"describe {self.select(name)}").fetchall()
        return {column[0] for column in shown}

    def select(self, name: str) -> str:
        """SQL for all rows of one input as they stand in the files, under the contract's names."""
        selects = []
        named = self._stated(name).get("columns", {})
        renamed = ", ".join(f"{theirs} as {ours}" for ours, theirs in named.items())
        star = f"* rename ({renamed})" if renamed else "*"
        delimiter = self._stated(name).get("delimiter", ",")
        for path in self.files(name):
            if path.suffix == ".parquet":
                selects.append(f"select {star} from read_parquet('{path}')")
            elif path.suffix == ".jsonl":
                with path.open(encoding="utf-8") as file:
                    names = json.loads(file.readline())
                texts = ", ".join(f"{column}: 'varchar'" for column in names)
                selects.append(
                    f"select {star} from read_json('{path}', format = 'newline_delimited', "
                    f"columns = {{{texts}}})"
                )
            else:
                options = READ_CSV.format(delimiter=delimiter)
                selects.append(f"select {star} from read_csv('{path}', {options})")
        return " union all by name ".join(selects)

    def query(self, sql: str, *names: str) -> dict[str, np.ndarray]:
        """Runs SQL over inputs, each a view of its name with text columns, as columns of numpy."""
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'; set threads = 2")
            for name in names:
                con.execute(f"create view {name} as {self.select(name)}")
            return con.execute(sql).fetchnumpy()

    def value(self, sql: str, *names: str) -> Any:
        """Runs SQL that gives one value."""
        (column,) = self.query(sql, *names).values()
        return column[0]

    def true(self, sql: str) -> dict[str, np.ndarray]:
        """Runs SQL over the truth tables customers, subscriptions, orders."""
        with duckdb.connect() as con:
            for name in ("customers", "subscriptions", "orders"):
                pattern = self.folder / "truth" / f"{name}_*.parquet"
                con.execute(f"create view {name} as select * from '{pattern}'")
            return con.execute(sql).fetchnumpy()


def write(folder: Path, parameters: Parameters, inputs: tuple[str, ...] | None) -> Delivered:
    """Writes a sample and returns it."""
    generate(parameters, folder, inputs=inputs)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Delivered(folder, truth)
