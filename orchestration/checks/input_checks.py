"""The guards of the delivered files, as asset checks that stop the refresh.

Great Expectations runs in a child process: importing it costs seconds and 255 MB, and this process
must not hold the work database meanwhile.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.landing import INCOMING
from orchestration.guard import run_guards
from orchestration.project import CONTRACT
from orchestration.quality.results import CheckResult
from orchestration.resources import RefreshResource, retried

_CHECKED = list(CONTRACT.inputs)


@dg.multi_asset_check(
    name="input_checks",
    specs=[
        dg.AssetCheckSpec(
            name,
            asset=INCOMING,
            blocking=True,
            description=f"Rules of the contract for {name}: refused rows warn, a no stops the "
            "refresh.",
        )
        for name in _CHECKED
    ],
)
def input_checks(refresh: RefreshResource) -> Iterator[dg.AssetCheckResult]:
    """Run the guards; one result per input."""
    with retried(refresh.session):
        results = run_guards(refresh.session)
    for name in _CHECKED:
        yield _check_result(name, [result for result in results if result.input == name])


def _check_result(name: str, results: list[CheckResult]) -> dg.AssetCheckResult:
    """Fold the results of one input into one: it passes, warns, or stops the refresh."""
    failed = [result for result in results if not result.is_success]
    is_stopped = any(result.stops_refresh for result in failed)
    return dg.AssetCheckResult(
        asset_key=INCOMING,
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_stopped else dg.AssetCheckSeverity.WARN,
        metadata={
            "checks": len(results),
            "failed": dg.MetadataValue.md(
                "\n".join(f"- `{result.check_id}` {result.message}" for result in failed) or "none"
            ),
        },
    )
