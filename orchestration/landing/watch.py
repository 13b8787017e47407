"""Watching the landing folder: when is a delivery there, whole, and not refreshed from yet?"""

from dataclasses import dataclass, replace

from orchestration.outcomes import RUNNING, Outcomes

# A refresh that other programs or a full disk stopped is asked for again at most so often.
MOST_TRIES = 3


@dataclass(frozen=True)
class Watch:
    """What the sensor remembers between two looks.

    Attributes:
        seen: Listing at the last look.
        fired: Listing for which a refresh was last asked for.
        tries: How often it was asked for.
        ended_before: When the latest refresh known then had ended.
    """

    seen: str = ""
    fired: str = ""
    tries: int = 0
    ended_before: str | None = None


def look(
    watch: Watch, listing: str, waiting: str | None = None, outcomes: Outcomes | None = None
) -> tuple[Watch, str | None]:
    """Decide whether to refresh: the listing is new, closed, and the same as at the last look.

    It is asked for again where the refresh failed by what may have passed since.

    Args:
        watch: What is remembered.
        listing: The listing now.
        waiting: What the delivery still waits for; None = it is whole.
        outcomes: How the refreshes of this warehouse went.

    Returns:
        What to remember, and why nothing is asked for (None = refresh).
    """
    remembered = replace(watch, seen=listing)
    if not listing:
        return remembered, "There are no files."
    last = outcomes.last if outcomes else None
    ended_at = last.ended_at if last else None
    tries = 0
    if listing == watch.fired:
        # an end that was not there when the refresh was asked for is its own, or a later one's
        has_ended = last is not None and last.result != RUNNING and ended_at != watch.ended_before
        if not (has_ended and last is not None and last.may_help_again):
            return remembered, "No file came since the last refresh was asked for."
        if watch.tries >= MOST_TRIES:
            return remembered, f"The refresh of these files failed {watch.tries} times."
        tries = watch.tries
    elif listing != watch.seen:
        return remembered, "Files are coming; waiting until they stay as they are."
    if waiting is not None:
        return remembered, waiting
    return Watch(seen=listing, fired=listing, tries=tries + 1, ended_before=ended_at), None
