"""Settings: one name each, and a mistake is never silently the default."""

import json

import pytest

from orchestration.settings import (
    BOUNDS,
    CHOICES,
    SettingsError,
    load_settings,
    parse_as_of,
)


@pytest.fixture
def settings_file(tmp_path):
    """Write a SETTINGS file and return its path."""

    def write(text):
        path = tmp_path / "settings.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_are_those_of_the_project():
    """A refresh without SETTINGS would decide otherwise than a plain dbt build."""
    settings = load_settings()
    assert settings.overrides == {}
    assert settings.get("lapse_rule") == "own_interval"
    assert settings.get("lapse_factor") == pytest.approx(4 / 3)
    assert json.loads(settings.as_dbt_vars()) == {}


def test_override_reaches_dbt_and_keeps_its_type(settings_file):
    """A number that became text would compare as text in SQL."""
    settings = load_settings(
        settings_file("lapse_rule: fixed\nfixed_lapse_days: 60\nlapse_factor: 2\n")
    )
    assert json.loads(settings.as_dbt_vars()) == {
        "fixed_lapse_days": 60,
        "lapse_factor": 2.0,
        "lapse_rule": "fixed",
    }
    assert isinstance(settings.get("lapse_factor"), float)


def test_value_equal_to_the_default_is_no_override(settings_file):
    """Writing a default down would make everything new and every model run again."""
    settings = load_settings(settings_file("settle_days: 14\n"))
    assert settings.overrides == {}
    assert settings.fingerprint == load_settings().fingerprint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("laps_rule: fixed", ["no setting named 'laps_rule'", "lapse_rule"]),
        ("zzz: 1", ["no setting named 'zzz'", "business_timezone"]),
        ("fixed_lapse_days: sixty", ["fixed_lapse_days", "a whole number", "'sixty'"]),
        ("fixed_lapse_days: 60.5", ["fixed_lapse_days", "a whole number"]),
        ("fixed_lapse_days: true", ["fixed_lapse_days", "a whole number"]),
        ("fixed_lapse_days: 0", ["fixed_lapse_days", "at least 1"]),
        ("allow_zero_orders: 1", ["allow_zero_orders", "true or false"]),
        ("allow_zero_orders: 'yes'", ["allow_zero_orders", "true or false"]),
        ("lapse_quantile: .nan", ["lapse_quantile", "a number"]),
        ("lapse_quantile: 80", ["lapse_quantile", "from 0.01 to 1"]),
        ("lapse_rule: own_intervall", ["lapse_rule", "own_interval", "population", "fixed"]),
        ("business_timezone: Europe/Berln", ["business_timezone", "Europe/Berlin"]),
        ("business_timezone: ''", ["business_timezone", "IANA"]),
        ("reporting_currency: euro", ["reporting_currency", "EUR"]),
        ("as_of: 2026-02-30", ["as_of", "YYYY-MM-DD", "2026-02-30"]),
        ("as_of: 31.05.2026", ["as_of", "YYYY-MM-DD"]),
        ("settle_days: 3\nsettle_days: 4", ["given twice", "settle_days"]),
        ("- settle_days", ["must be a map"]),
        ("settle_days: [", ["not valid YAML"]),
        ("settle_days:", ["settle_days", "a whole number"]),
    ],
)
def test_unusable_setting_is_named(settings_file, text, told):
    """A mistyped setting would be ignored and the numbers be those of the default."""
    path = settings_file(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert str(path) in message
    for part in told:
        assert part in message


def test_unreadable_settings_file_is_named(tmp_path):
    """A wrong path would end in a stack trace."""
    with pytest.raises(SettingsError, match=r"nowhere\.yml cannot be read"):
        load_settings(tmp_path / "nowhere.yml")


def test_as_of_wins_over_the_file(settings_file):
    """AS_OF on the command line would lose against a settings file."""
    path = settings_file("as_of: 2026-05-31")
    assert load_settings(path).get("as_of") == "2026-05-31"
    assert load_settings(path, "2026-04-30").get("as_of") == "2026-04-30"
    assert load_settings(path, parse_as_of("2026-04-30")).get("as_of") == "2026-04-30"


@pytest.mark.parametrize(
    "text", ["2026-13-01", "20260531", "yesterday", "2026-5-31", "2026-05-31T00:00"]
)
def test_as_of_that_is_no_day_is_refused(text):
    """An AS_OF that cannot be read would count as none, and the whole history as known."""
    with pytest.raises(SettingsError, match="AS_OF must be a day"):
        parse_as_of(text)


@pytest.mark.parametrize("text", [None, ""])
def test_absent_as_of_is_none(text):
    """Without AS_OF the data says where history ends."""
    assert parse_as_of(text) is None


def test_asking_for_an_unknown_setting_fails():
    """A name mistyped in code would be None and compare as false."""
    with pytest.raises(SettingsError, match="settle_days"):
        load_settings().get("setle_days")


def test_every_rule_is_about_a_setting():
    """A renamed setting would leave its limits behind, and nothing would check the new name."""
    settings = load_settings()
    assert set(BOUNDS) | set(CHOICES) <= set(settings.defaults)
    numbers = {
        name
        for name, value in settings.defaults.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert numbers == set(BOUNDS)
    for name, value in settings.defaults.items():
        if name in BOUNDS:
            low, high = BOUNDS[name]
            assert low <= value
            assert high is None or value <= high
