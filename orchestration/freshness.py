"""Whether inputs and published marts are as young as expected, also when nothing comes any more.

While a delivery is checked, its guards measure its age. Between deliveries nobody does: here the
same limit, `max_data_age_days`, is held against the newest day that was accepted, and the marts
against the delivered files. Neither the work database nor a lock is touched.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from orchestration.landing.folder import LandingError
from orchestration.nothing_new import find_nothing_new
from orchestration.outcomes import read_outcomes
from orchestration.publishing.publish import read_manifest
from orchestration.settings import Settings
from orchestration.variables import number
from orchestration.workspace import Workspace

VARIABLE = "HOLDFAST_FRESH_HOURS"
# a night, and two hours for its refresh
DEFAULT_HOURS = 26


@dataclass(frozen=True)
class Freshness:
    """How young something is.

    Attributes:
        is_fresh: Whether it is as young as expected.
        text: What was found, as a person reads it.
    """

    is_fresh: bool
    text: str


def input_freshness(
    workspace: Workspace, settings: Settings, now: datetime
) -> dict[str, Freshness]:
    """Hold the newest accepted day of each required input against its limit.

    Args:
        workspace: The warehouse.
        settings: max_data_age_days (0 = no limit), business_timezone, and as_of, against which age
            is measured where it is given.
        now: This instant, with offset.

    Returns:
        By input; inputs that never had an event are not there.
    """
    limit = settings.get("max_data_age_days")
    as_of = settings.get("as_of")
    today = now.astimezone(ZoneInfo(settings.get("business_timezone"))).date()
    day = date.fromisoformat(as_of) if as_of else today
    found = {}
    for name, newest in sorted(read_outcomes(workspace).newest.items()):
        age = max((day - date.fromisoformat(newest)).days, 0)
        text = f"newest {name} of {newest}, {age} day{'' if age == 1 else 's'} old"
        allowed = f"at most {limit} are allowed" if limit else "no limit is set"
        found[name] = Freshness(not limit or age <= limit, f"{text}; {allowed}")
    return found


def marts_freshness(workspace: Workspace, settings: Settings, now: datetime) -> Freshness:
    """Say whether the marts are those of the delivered files, or were so not long ago.

    Args:
        workspace: The warehouse.
        settings: Its business settings.
        now: This instant, with offset.
    """
    manifest = read_manifest(workspace)
    if manifest is None:
        return Freshness(False, "nothing is published")
    published = datetime.fromisoformat(manifest["published_at"].replace("Z", "+00:00"))
    hours = (now.astimezone(UTC) - published).total_seconds() / 3600
    text = f"published {hours:,.0f} hours ago"
    try:
        is_current = find_nothing_new(workspace, settings) is not None
    except (OSError, LandingError):
        return Freshness(True, f"{text}; the delivered files cannot be looked at")
    if is_current:
        return Freshness(True, f"{text}, and nothing is new since")
    limit = number(VARIABLE, DEFAULT_HOURS)
    return Freshness(
        hours <= limit,
        f"{text}; since then files, settings or code have changed, and at most {limit:g} hours are "
        "allowed to be behind",
    )
