"""Whether inputs and published marts are still young: asset checks that warn and block nothing.

They run by themselves, as what grows old does so while no refresh runs. This module does without
`from __future__ import annotations`: Dagster reads the annotations.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from orchestration.freshness import Freshness, input_freshness, marts_freshness
from orchestration.quality.deliveries import REQUIRED_INPUTS
from orchestration.workspace import Workspace

_NAME = "fresh"
_INPUT_KEYS = {name: dg.AssetKey(["landing", name]) for name in REQUIRED_INPUTS}
_MARTS = dg.AssetKey(["published", "marts"])
FRESHNESS_KEYS = [dg.AssetCheckKey(key, _NAME) for key in (*_INPUT_KEYS.values(), _MARTS)]


@dg.multi_asset_check(
    name="freshness_checks",
    # whoever builds one of these assets from the web page takes its check along, not the others
    can_subset=True,
    specs=[
        *(
            dg.AssetCheckSpec(
                _NAME,
                asset=key,
                description=f"The newest {name} are within max_data_age_days (0 = no limit).",
            )
            for name, key in _INPUT_KEYS.items()
        ),
        dg.AssetCheckSpec(
            _NAME,
            asset=_MARTS,
            description="The marts are those of the delivered files, or were so within "
            "HOLDFAST_FRESH_HOURS.",
        ),
    ],
)
def freshness_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Look at what is remembered and published; neither a lock nor the work database is touched."""
    workspace = Workspace.from_environment()
    settings, now = workspace.read_settings(), datetime.now(UTC)
    wanted = {key.asset_key for key in context.selected_asset_check_keys}
    inputs = input_freshness(workspace, settings, now)
    for name, key in _INPUT_KEYS.items():
        if key in wanted:
            yield _result(key, inputs.get(name) or Freshness(True, f"no {name} were accepted yet"))
    if _MARTS in wanted:
        yield _result(_MARTS, marts_freshness(workspace, settings, now))


def _result(key: dg.AssetKey, found: Freshness) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=_NAME,
        passed=found.is_fresh,
        severity=dg.AssetCheckSeverity.WARN,
        description=found.text,
    )
