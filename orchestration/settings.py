"""Business settings: names, defaults and types stand once, as `vars` in dbt_project.yml.

A SETTINGS file is a YAML map that overrides any of them by name. What is unknown or of the wrong
type fails here, before anything is read or written, so that a mistyped name never silently means
the default.
"""

import difflib
import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import yaml

PROJECT = Path(__file__).resolve().parent.parent

# What a value must be beyond its type. A name absent here has its type as its only rule; a test
# keeps the names equal to those of dbt_project.yml.
CHOICES: dict[str, tuple[str, ...]] = {
    "lapse_rule": ("own_interval", "population", "fixed"),
    "week_starts_on": ("monday", "sunday"),
    "recency_score_rule": ("rank", "fixed"),
    "frequency_score_rule": ("auto", "rank", "fixed"),
    "monetary_score_rule": ("rank", "fixed"),
    "tier_basis": ("spend", "points"),
}
BOUNDS: dict[str, tuple[float, float | None]] = {
    "settle_days": (0, None),
    "money_decimals": (0, 2),
    "max_rate_age_days": (0, None),
    "lapse_floor_days": (1, None),
    "lapse_factor": (0.01, None),
    "lapse_gaps": (2, None),
    "lapse_quantile": (0.01, 1),
    "min_lapse_gaps": (1, None),
    "fixed_lapse_days": (1, None),
    "at_risk_share": (0.01, 1),
    "delinquency_grace_days": (0, None),
    "pause_grace_days": (0, None),
    "gap_tolerance_days": (0, None),
    "refunded_start_days": (0, None),
    "reactivation_window_days": (0, None),
    "revenue_window_days": (1, None),
    "rfm_lookback_days": (0, None),
    "one_order_share": (0.01, 1),
    "abc_a_share": (0, 1),
    "abc_b_share": (0, 1),
    "xyz_x_variation": (0, None),
    "xyz_y_variation": (0, None),
    "tier_window_days": (1, None),
    "trend_days": (1, None),
    "trend_change": (0, None),
    "affinity_min_support": (0.00001, 1),
    "next_products": (1, None),
    "next_product_pairs": (1, None),
    "small_cell_size": (0, None),
    "plausibility_days": (1, None),
    "plausibility_weeks": (6, None),
    "plausibility_width": (0.5, None),
    "left_truncation_days": (0, None),
    "max_age_weeks": (0, None),
    "max_age_months": (0, None),
    "max_age_quarters": (0, None),
    "max_age_years": (0, None),
    "long_standing_months": (1, None),
    "repeat_window_days": (1, None),
    "repeat_max_order_number": (1, None),
    "first_experience_days": (1, None),
    "return_window_days": (0, None),
    "next_contact_days": (0, None),
    "term_notice_days": (0, None),
    "change_notice_days": (0, None),
    "change_lookback_days": (1, None),
    "care_days": (0, None),
    "contact_outcome_days": (1, None),
    "survey_answer_days": (0, None),
    "complaint_solved_days": (0, None),
    "complaint_loss_days": (1, None),
    "complaint_share": (0.001, 1),
    "risk_horizon_days": (1, None),
    "risk_history_months": (1, 60),
    "risk_min_people": (1, None),
    "loss_reason_days": (0, None),
    "risk_default_share": (0.001, 0.999),
    "loyalty_point_value": (0, 999),
    "loyalty_effect_days": (1, None),
    "forecast_min_months": (12, None),
    "forecast_min_errors": (3, None),
    "annual_churn_benchmark_low": (0, 1),
    "annual_churn_benchmark_high": (0, 1),
    "discount_rate": (0, 1),
    "prediction_min_buyers": (2, None),
    "prediction_min_history_days": (1, None),
    "prediction_max_silent_days": (1, None),
    "prediction_min_three_time_buyers": (1, None),
    "assumed_margin_rate": (0, 1),
    "min_customers": (1, None),
    "value_horizon_years": (1, 50),
    "max_quarantined_share": (0, 1),
    "volume_tolerance": (1, None),
    "max_data_age_days": (0, None),
}


class SettingsError(ValueError):
    """A setting that cannot be used; the message says which one, why, and what would do."""


@dataclass(frozen=True)
class Settings:
    """The business settings of one refresh.

    Attributes:
        values: Every setting by name, defaults included.
        defaults: The defaults of dbt_project.yml by name.
    """

    values: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(repr=False)

    def get(self, name: str) -> Any:  # noqa: ANN401 - a setting is text, a number or a boolean
        """Return the value of one setting.

        Args:
            name: A name from dbt_project.yml.

        Returns:
            Its value, of the type its default has.

        Raises:
            SettingsError: When there is no such setting.
        """
        if name not in self.values:
            raise SettingsError(_unknown_name(name, self.values))
        return self.values[name]

    @property
    def overrides(self) -> dict[str, Any]:
        """The settings that differ from their defaults, by name, sorted."""
        return {
            name: self.values[name]
            for name in sorted(self.values)
            if self.values[name] != self.defaults[name]
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all names and values: equal exactly when a refresh would decide the same."""
        text = json.dumps(dict(self.values), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dbt_vars(self, but: Collection[str] = ()) -> str:
        """Return the overrides as the JSON text that `dbt --vars` takes.

        Args:
            but: Names of settings that are left out.
        """
        told = {name: value for name, value in self.overrides.items() if name not in but}
        return json.dumps(told, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class OwnSettings:
    """What the settings.yml of an extension says.

    Attributes:
        own: Its own settings with their defaults.
        ours: Values for settings of holdfast.
    """

    own: Mapping[str, Any]
    ours: Mapping[str, Any]


def load_own_settings(extensions: Path, defaults: Mapping[str, Any]) -> OwnSettings:
    """Read settings.yml of an extension; where there is none it says nothing.

    Args:
        extensions: Folder of the extension.
        defaults: The settings of holdfast with their defaults.

    Returns:
        Own settings, and values for those of holdfast.

    Raises:
        SettingsError: When it cannot be read, an own name is taken or no plain snake_case, a name
            under holdfast does not exist, or a value does not fit.
    """
    file = extensions / "settings.yml"
    if not file.is_file():
        return OwnSettings({}, {})
    document = _read_map(file)
    parts = {part: document.pop(part, None) or {} for part in ("own", "holdfast")}
    if document or not all(isinstance(part, dict) for part in parts.values()):
        raise SettingsError(
            f"{file} must have two maps: `own` with new settings and their defaults, `holdfast` "
            "with values for settings of holdfast."
        )
    for name, value in parts["own"].items():
        if name in defaults:
            raise SettingsError(
                f"{file}: {name} is a setting of holdfast; put it under `holdfast`."
            )
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise SettingsError(f"{file}: the name {name!r} is not plain snake_case.")
        if not isinstance(value, str | int | float):
            raise SettingsError(f"{file}: {name} must be a text, a number, true or false.")
    return OwnSettings(parts["own"], _fitted(file, parts["holdfast"], defaults))


def load_settings(
    settings_file: Path | None = None,
    as_of: date | str | None = None,
    project: Path = PROJECT,
    extensions: Path | None = None,
) -> Settings:
    """Read the defaults from dbt_project.yml and lay settings of others over them.

    First those of an extension, then a SETTINGS file, then AS_OF.

    Args:
        settings_file: YAML map of overrides; None = defaults only.
        as_of: Last whole local day that counts; wins over `as_of` in the file. None = not given.
        project: Folder with dbt_project.yml.
        extensions: Folder of an extension, whose settings.yml adds settings and values.

    Returns:
        The settings of this refresh.

    Raises:
        SettingsError: When the file cannot be read, names a setting that does not exist, or gives
            a value that does not fit.
    """
    project_text = (project / "dbt_project.yml").read_text(encoding="utf-8")
    defaults: dict[str, Any] = yaml.safe_load(project_text)["vars"]
    values = dict(defaults)
    if extensions is not None:
        added = load_own_settings(extensions, defaults)
        defaults |= added.own
        values |= {**added.own, **added.ours}
    if settings_file is not None:
        values |= _fitted(settings_file, _read_map(settings_file), defaults)
    if as_of is not None:
        values["as_of"] = _day("AS_OF", as_of)
    return Settings(MappingProxyType(values), MappingProxyType(defaults))


def parse_as_of(text: str | None) -> date | None:
    """Read AS_OF as a person gives it.

    Args:
        text: `YYYY-MM-DD`; None or empty = not given.

    Returns:
        The day, or None.

    Raises:
        SettingsError: When it is not a day of the calendar written as YYYY-MM-DD.
    """
    return date.fromisoformat(_day("AS_OF", text)) if text else None


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader that refuses a name given twice; plain YAML silently takes the last.

    Days stay text, so that one that is not in the calendar is named like any other mistake.
    """

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a map, refusing a repeated key."""
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"given twice: {', '.join(repeated)}", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def _read_map(path: Path) -> dict[str, Any]:
    """Read a YAML file that must be a map (or empty)."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError(f"The settings file {path} cannot be read: {reason}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"The settings file {path} is not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(
            f"The settings file {path} must be a map such as `business_timezone: Europe/Berlin`, "
            f"one setting per line; it is a {type(content).__name__}."
        )
    return {str(name): value for name, value in content.items()}


def _fitted(file: Path, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values a file gives, each in the type of its default."""
    values = {}
    for name, value in given.items():
        if name not in defaults:
            raise SettingsError(f"{file}: {_unknown_name(str(name), defaults)}")
        try:
            values[name] = _fitting(name, value, defaults[name])
        except SettingsError as error:
            raise SettingsError(f"{file}: {error}") from None
    return values


def _unknown_name(name: str, known: Mapping[str, Any]) -> str:
    """Say that a name does not exist, with the names that look like it."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"Settings are: {', '.join(sorted(known))}."
    )
    return f"there is no setting named {name!r}. {hint}"


def _fitting(name: str, value: Any, default: Any) -> Any:  # noqa: ANN401 - text, number or boolean
    """Return the value in the type of its default, or raise with what would fit."""
    if name == "as_of":
        return _day(name, value)
    fitted = _typed(name, value, default)
    if name in CHOICES and fitted not in CHOICES[name]:
        near = difflib.get_close_matches(fitted, CHOICES[name], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingsError(
            f"{name} must be {', '.join(CHOICES[name][:-1])} or {CHOICES[name][-1]}; "
            f"it is {fitted!r}.{hint}"
        )
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if fitted < low or (high is not None and fitted > high):
            span = f"at least {low:g}" if high is None else f"from {low:g} to {high:g}"
            raise SettingsError(f"{name} must be {span}; it is {fitted:g}.")
    if name == "reporting_currency" and not re.fullmatch(r"[A-Z]{3}", fitted):
        raise SettingsError(
            f"{name} must be a currency code of three capitals, such as EUR; it is {fitted!r}."
        )
    if name == "business_timezone":
        _check_timezone(name, fitted)
    return fitted


def _typed(name: str, value: Any, default: Any) -> Any:  # noqa: ANN401 - text, number or boolean
    """Return the value if it has its default's type; a whole number does for a decimal one."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(default, bool):
        expected, fits = "true or false", isinstance(value, bool)
    elif isinstance(default, int):
        expected, fits = "a whole number", is_whole
    elif isinstance(default, float):
        expected = "a number"
        fits = is_whole or (isinstance(value, float) and math.isfinite(value))
        value = float(value) if fits else value
    else:
        expected, fits = "text", isinstance(value, str)
    if not fits:
        raise SettingsError(
            f"{name} must be {expected}, such as {json.dumps(default)}; it is {value!r} "
            f"({type(value).__name__})."
        )
    return value


def _day(name: str, value: Any) -> str:  # noqa: ANN401 - YAML gives a date or text
    """Return a day as YYYY-MM-DD text ('' = none)."""
    if value in ("", None):
        return ""
    text = value.isoformat() if type(value) is date else value
    try:
        if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise SettingsError(
        f"{name} must be a day written YYYY-MM-DD, such as 2026-05-31; it is {str(value)!r}."
    )


def _check_timezone(name: str, value: str) -> None:
    """Refuse a time zone that the IANA database does not have, naming near ones."""
    import zoneinfo

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(value, zoneinfo.available_timezones(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise SettingsError(
            f"{name} must be an IANA time zone, such as Europe/Berlin; there is no {value!r}.{hint}"
        ) from None
