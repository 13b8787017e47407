"""Makes the whole sample: blocks to files, part by part, and the truth beside the landing."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from orchestration.sample_data.blocks import Block, make_block
from orchestration.sample_data.files import (
    BLOCK_INPUTS,
    LAYOUTS,
    Writer,
    inputs_yml,
    rename_shared,
)
from orchestration.sample_data.parameters import Parameters
from orchestration.sample_data.shared import make_shared
from orchestration.sample_data.world import BLOCK_SIZE, Frame, World

LANDING = "landing"
TRUTH = "truth"
TRUTH_FILE = "truth.json"


class SampleError(RuntimeError):
    """The sample cannot be written where it was asked for."""


@dataclass
class _Sums:
    """What is summed over blocks and parts."""

    rows: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    campaigns: np.ndarray | int = 0

    def add(self, other: "_Sums | Block") -> None:
        """Adds what another block or part counted."""
        self.counts.update(other.counts)
        self.facts.update(other.facts)
        self.campaigns = self.campaigns + other.campaigns
        if isinstance(other, _Sums):
            self.rows.update(other.rows)


def generate(
    parameters: Parameters,
    out: Path,
    *,
    inputs: Iterable[str] | None = None,
    people_per_file: int = 50_000,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Writes a sample: `out`/landing for the loader, `out`/truth.json and `out`/truth/ for tests.

    The content depends on the parameters alone; `people_per_file` and `workers` only decide into
    how many files it is cut and how fast. A sample made from the same parameters by the same code
    is left as it is; another sample is replaced; a folder that holds none is not touched.

    Args:
        parameters: The stated process.
        out: Folder to write into.
        inputs: Names of the inputs to write; None = all.
        people_per_file: People whose rows share a file.
        workers: Processes.
        progress: Told what was done, line by line.

    Returns:
        The content of truth.json.

    Raises:
        SampleError: `out`/landing exists and is no sample.
    """
    chosen = tuple(LAYOUTS) if inputs is None else tuple(inputs)
    identity = _identity(parameters, chosen, people_per_file)
    standing = _standing(out)
    if standing is not None and standing["identity"] == identity and _is_whole(out, standing):
        progress(f"{out / LANDING} stands already")
        return standing
    landing, truth_folder = _fresh(out, replaces=standing is not None)

    world = World(parameters)
    blocks_per_part = max(1, people_per_file // BLOCK_SIZE)
    parts = [
        (parameters, chosen, landing, truth_folder, part, first, blocks_per_part)
        for part, first in enumerate(range(0, world.block_count, blocks_per_part))
    ]
    sums = _Sums()
    for part, done in enumerate(_run(parts, workers), start=1):
        sums.add(done)
        progress(f"part {part} of {len(parts)} written")

    writer = Writer(landing)
    for name, frame in make_shared(world).items():
        if name in chosen:
            writer.write(name, frame, 0)
    rename_shared(landing)
    sums.rows.update(writer.rows)
    text = inputs_yml(parameters.until.isoformat())
    (landing / "inputs.yml").write_text(text, encoding="utf-8")

    truth = {"identity": identity, "files": _sizes(landing), **_truth(world, sums, chosen)}
    final = out / TRUTH_FILE
    landing.rename(out / LANDING)
    truth_folder.rename(out / TRUTH)
    final.write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    return truth


def _identity(parameters: Parameters, inputs: tuple[str, ...], people_per_file: int) -> str:
    """Returns a hash of all that decides the files: parameters and the generator's own code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    stated = [parameters.as_json(), sorted(inputs), people_per_file]
    digest.update(json.dumps(stated, sort_keys=True).encode())
    return digest.hexdigest()


def _standing(out: Path) -> dict[str, Any] | None:
    """Returns the truth of the sample that stands in `out`, None where there is none."""
    path = out / TRUTH_FILE
    if not path.exists():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def _sizes(landing: Path) -> dict[str, int]:
    """Returns the size of every file below a landing folder, by name."""
    paths = sorted(path for path in landing.rglob("*") if path.is_file())
    return {path.relative_to(landing).as_posix(): path.stat().st_size for path in paths}


def _is_whole(out: Path, standing: dict[str, Any]) -> bool:
    """Returns whether the landing folder still holds what its truth says was written."""
    return (out / LANDING).is_dir() and _sizes(out / LANDING) == standing["files"]


def _fresh(out: Path, *, replaces: bool) -> tuple[Path, Path]:
    """Returns empty folders to build in, older samples gone.

    Raises:
        SampleError: `out`/landing is not a sample.
    """
    if (out / LANDING).exists() and any((out / LANDING).iterdir()) and not replaces:
        raise SampleError(
            f"{out / LANDING} holds files that no {TRUTH_FILE} beside it accounts for; "
            "give another --out, or remove the folder"
        )
    (out / TRUTH_FILE).unlink(missing_ok=True)
    folders = out / f"{LANDING}.part", out / f"{TRUTH}.part"
    for folder in (out / LANDING, out / TRUTH, *folders):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def _run(parts: list[tuple], workers: int) -> Iterable[_Sums]:
    """Makes the parts, in order, in this process or in several."""
    if workers <= 1 or len(parts) == 1:
        yield from map(_make_part, parts)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_make_part, parts)


def _make_part(arguments: tuple) -> _Sums:
    """Makes the blocks of one part and writes their files."""
    parameters, chosen, landing, truth_folder, part, first, blocks = arguments
    world = World(parameters)
    sums = _Sums()
    inputs: dict[str, list[Frame]] = {name: [] for name in BLOCK_INPUTS if name in chosen}
    truth: dict[str, list[Frame]] = {}
    for number in range(first, min(first + blocks, world.block_count)):
        block = make_block(world, number)
        sums.add(block)
        for name, frames in inputs.items():
            frames.append(block.inputs[name])
        for name, frame in block.truth.items():
            truth.setdefault(name, []).append(frame)
    writer = Writer(landing)
    for name in list(inputs):
        writer.write(name, _joined(inputs.pop(name)), part)
    for name, frames in truth.items():
        _write_truth(truth_folder / f"{name}_{part:05d}.parquet", _joined(frames))
    sums.rows.update(writer.rows)
    return sums


def _joined(frames: list[Frame]) -> Frame:
    """Returns frames of equal columns one below the other."""
    return {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}


def _write_truth(path: Path, frame: Frame) -> None:
    """Writes a table of the truth."""
    names = {
        "account": "case when account >= 0 then 'C-' || (10000000 + account) end as customer_id",
        "other_account": "case when other_account >= 0 then 'C-' || (10000000 + other_account) end "
        "as merged_customer_id",
        "order": "'O-' || \"order\" as order_id",
        "subscription": "'S-' || subscription as subscription_id",
    }
    listed = ", ".join(names.get(name, f'"{name}"') for name in frame)
    with duckdb.connect() as con:
        con.register("frame", pd.DataFrame(frame))
        con.execute(f"copy (select {listed} from frame) to '{path}' (format parquet)")


def _truth(world: World, sums: _Sums, chosen: tuple[str, ...]) -> dict[str, Any]:
    """Returns the content of truth.json, the identity aside."""
    values = world.parameters
    spend = None
    if values.spend_q > 1:
        spend = values.spend_p * values.spend_gamma / (values.spend_q - 1)
    return {
        "about": "What is true of the sample in landing/. No model may read this file.",
        "parameters": values.as_json(),
        "derived": {
            "first_day": world.first_day.isoformat(),
            "mean_purchases_per_week": values.r / values.alpha,
            "mean_dropout": values.a / (values.a + values.b),
            "mean_spend_before_price_rise": spend,
            "mean_chance_to_leave": {
                plan: getattr(values, f"plan_{plan}_alpha")
                / (getattr(values, f"plan_{plan}_alpha") + getattr(values, f"plan_{plan}_beta"))
                for plan in ("basic", "pro", "business", "box")
            },
        },
        "campaigns": _true_campaigns(world, sums),
        "employees": [
            {"employee_id": f"{number + 1:04d}", "dropout_factor": round(float(factor), 6)}
            for number, factor in enumerate(world.owner_factors)
        ],
        "happened": dict(sums.facts),
        "inputs": {name: _true_input(name, sums) for name in chosen},
    }


def _true_campaigns(world: World, sums: _Sums) -> list[dict[str, Any]]:
    """Returns the tested campaigns with their true effect and what came of them."""
    columns = ("treated", "control", "treated_returned", "control_returned", "treated_would_return")
    results = np.reshape(sums.campaigns, (-1, len(columns)))
    return [
        {
            "campaign_id": f"CA-{code + 1}",
            "true_effect": float(world.campaigns.effect[code]),
            **{name: int(value) for name, value in zip(columns, results[code], strict=True)},
        }
        for code in range(world.tested_campaigns)
    ]


def _true_input(name: str, sums: _Sums) -> dict[str, Any]:
    """Returns what a loader has to come to for one input."""
    kinds = {
        kind.removeprefix(f"{name}: "): number
        for kind, number in sorted(sums.counts.items())
        if kind.startswith(f"{name}: ")
    }
    refused = {k.removeprefix("refused "): n for k, n in kinds.items() if k.startswith("refused ")}
    held = {k.removeprefix("held "): n for k, n in kinds.items() if k.startswith("held ")}
    superseded = kinds.get("duplicated", 0) + kinds.get("corrected", 0)
    delivered = sums.rows[name]
    return {
        "rows_delivered": delivered,
        "rows_refused": sum(refused.values()) + sum(held.values()),
        "rows_superseded": superseded,
        "rows_to_load": delivered - sum(refused.values()) - sum(held.values()) - superseded,
        "refused": refused,
        "held": held,
        "late": kinds.get("late", 0),
        "duplicated": kinds.get("duplicated", 0),
        "corrected": kinds.get("corrected", 0),
    }
