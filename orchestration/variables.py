"""Numbers that a refresh reads from HOLDFAST_ variables: how it runs, never what it counts."""

import math
import os

from orchestration.settings import SettingsError


def number(name: str, default: float) -> float:
    """Return a variable as a number of at least 0.

    Args:
        name: Name of the variable.
        default: What an absent or empty one means.

    Raises:
        SettingsError: When it is something else.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise SettingsError(f"{name} must be a number of at least 0, such as {default:g}.")
    return value
