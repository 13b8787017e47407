"""What an extension may add, and what is refused before anything is parsed, read or built."""

import subprocess
import sys

import pytest

from orchestration.contract import load_contract
from orchestration.extensions.layout import ExtensionError
from orchestration.extensions.project import lay_out, with_real_paths
from orchestration.fingerprint import code_hash, dbt_hash
from orchestration.landing import personal
from orchestration.settings import PROJECT, SettingsError, load_settings
from orchestration.workspace import Workspace

INPUTS = "inputs/coffee_shop.yml"


def test_inputs_join_the_contract(shop):
    """An own column or input would have no landing table, no guard, no template."""
    ours, merged = load_contract(), load_contract(extensions=shop.extension)
    assert list(merged.inputs) == [*ours.inputs, "reservations"]
    orders = merged.inputs["orders"]
    assert orders.columns[:-1] == ours.inputs["orders"].columns
    assert (orders.own_columns, orders.is_own) == ({"table_number"}, False)
    assert [column.name for column in orders.passed_on] == ["order_id", "table_number"]
    reservations = merged.inputs["reservations"]
    assert reservations.is_own
    assert reservations.passed_on == reservations.columns
    assert not any(table.own_columns for table in ours)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "minimum: 1\n                example: '7'",
            "minimum: one",
            "column table_number: minimum",
        ),
        ("name: table_number", "name: is_test", "holdfast has the columns ['is_test'] itself"),
        (
            "- name: orders\n",
            "- name: orders\n        description: x\n",
            "unknown key 'description'",
        ),
        ("key: [reservation_id]", "key: [id]", "table reservations: key names ['id']"),
        ("customers.customer_id", "guests.customer_id", "unknown input 'guests'"),
        ("booking_ways.booking_way", "booking_ways.way", "no seeds/booking_ways.csv with a column"),
        ("booking_ways.booking_way", "ways.way", "no seeds/ways.csv with a column way"),
        ("- name: landing", "- name: shop", "exactly one source is expected, named landing"),
        ("- name: landing", "  - name: landing", "no valid YAML"),
        ("data_type: bigint", "data_type: int4", "data_type 'int4' is not known"),
    ],
)
def test_inputs_that_cannot_hold_are_named(shop, old, new, told):
    """A mistake in inputs/ would surface as a broken load, or silently guard nothing."""
    shop.change(INPUTS, old, new)
    with pytest.raises(ExtensionError) as refused:
        lay_out(shop.workspace)
    assert told in str(refused.value)
    assert str(shop.extension) in str(refused.value)


def test_an_input_stands_in_one_file(shop):
    """Two files that add to one input: the latter would win, unsaid."""
    text = (shop.extension / INPUTS).read_text(encoding="utf-8")
    shop.write("inputs/more.yml", text.replace("table_number", "waiter"))
    with pytest.raises(ExtensionError, match=r"inputs/more.yml: table orders: stands twice"):
        lay_out(shop.workspace)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("models/no_shows.sql", "nothing reads a file there"),
        ("models/marts/no_shows.sql", "nothing reads a file there"),
        ("models/staging/stg_shop.sql", "nothing reads a file there"),
        ("seeds/more/list.csv", "nothing reads a file there"),
        ("notes.txt", "nothing reads a file there"),
        ("models/marts/shop/no_shows.py", "only .sql, .yml, .md files are read there"),
        ("inputs/shop.yaml", "only .yml files are read there"),
        ("models/marts/core/shop_orders.sql", "the schema core is holdfast's own"),
        ("models/marts/win_back/shop_orders.sql", "the schema win_back is holdfast's own"),
        ("models/marts/landing/shop_orders.sql", "the schema landing is holdfast's own"),
        ("models/marts/shop/orders.sql", "holdfast has a model named orders itself"),
        ("models/marts/shop/tenure_bands.sql", "holdfast has a model named tenure_bands itself"),
        ("models/marts/shop/own_tables.sql", "names that begin with own_ are made from inputs/"),
        ("models/marts/shop/No-Shows.sql", "is not plain snake_case"),
        ("seeds/customers.csv", "holdfast has a seed named customers itself"),
        (
            "tests/data/assert_retention_rates_balance.sql",
            "holdfast has a data test named assert_retention_rates_balance itself",
        ),
    ],
)
def test_a_file_that_cannot_stand_there_is_named(shop, name, told):
    """A model that nothing publishes, or one that quietly takes the place of ours."""
    shop.write(name, "select 1 as one")
    with pytest.raises(ExtensionError, match=told) as refused:
        lay_out(shop.workspace)
    assert name.rpartition("/")[0] in str(refused.value)


def test_a_macro_of_ours_cannot_be_replaced(shop):
    """round_money of an extension would change every number of ours."""
    shop.write("macros/shop.sql", "{% macro round_money(amount) %}{{ amount }}{% endmacro %}")
    with pytest.raises(ExtensionError, match=r"macros/shop.sql: .* a macro named round_money"):
        lay_out(shop.workspace)


def test_a_seed_takes_the_place_of_ours(shop):
    """The business's own list would stand beside ours, unread, in models, guards and loading."""
    shop.write("seeds/shared_emails.csv", "kind,pattern,reason\nlocal_part,bar,till\n")
    workspace = shop.workspace
    lay_out(workspace)
    assert personal.shared_emails(workspace.seeds) == {"local_part": ["bar"], "domain": []}
    assert "bar" not in personal.shared_emails(PROJECT / "seeds")["local_part"]
    assert (workspace.seeds / "churn_reasons.csv").samefile(PROJECT / "seeds/churn_reasons.csv")
    (shop.extension / "seeds/shared_emails.csv").unlink()
    lay_out(workspace)
    assert (workspace.seeds / "shared_emails.csv").samefile(PROJECT / "seeds/shared_emails.csv")


def test_a_seed_in_the_place_of_ours_has_its_columns(shop):
    """Every model that reads the seed would fail, each with an error of its own."""
    shop.write("seeds/churn_reasons.csv", "reason_code,reason,description\nx,X,x\n")
    with pytest.raises(
        ExtensionError, match="lacks its columns reason_class, is_curable"
    ) as refused:
        lay_out(shop.workspace)
    assert "seeds/churn_reasons.csv, line 1" in str(refused.value)


def test_settings_are_added_and_given(shop, tmp_path):
    """An own setting would be unknown, or a value for ours without effect."""
    settings = shop.workspace.read_settings()
    assert settings.get("least_reservations") == 2
    assert settings.overrides == {"small_cell_size": 20}
    file = tmp_path / "settings.yml"
    file.write_text("least_reservations: 5\nsmall_cell_size: 7\n", encoding="utf-8")
    settings = load_settings(file, extensions=shop.extension)
    assert settings.overrides == {"least_reservations": 5, "small_cell_size": 7}
    file.write_text("least_reservations: many\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="least_reservations must be a whole number"):
        load_settings(file, extensions=shop.extension)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("settle_days: 3", "must have two maps: `own`"),
        ("own: {settle_days: 3}", "settle_days is a setting of holdfast; put it under `holdfast`"),
        ("holdfast: {setle_days: 3}", "no setting named 'setle_days'. Did you mean settle_days"),
        ("holdfast: {settle_days: soon}", "settle_days must be a whole number"),
        ("own: {Least: 3}", "'Least' is not plain snake_case"),
        ("own: {least: [1, 2]}", "least must be a text, a number, true or false"),
        ("own: 3", "must have two maps"),
    ],
)
def test_settings_that_cannot_hold_are_named(shop, text, told):
    """A mistyped name of ours would become a setting that nobody reads."""
    shop.write("settings.yml", text)
    with pytest.raises(SettingsError) as refused:
        shop.workspace.read_settings()
    assert told in str(refused.value)
    assert "settings.yml" in str(refused.value)


def test_every_file_of_the_extension_counts(shop):
    """A changed model of the extension would be "nothing new", and never published."""
    settings = load_settings()

    def hashes():
        return code_hash(PROJECT, shop.extension), dbt_hash(PROJECT, settings, shop.extension)

    seen = [(code_hash(PROJECT), dbt_hash(PROJECT, settings)), hashes()]
    for path in sorted(shop.extension.rglob("*")):
        if path.is_file():
            path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            seen.append(hashes())
    (shop.extension / "settings.yml").unlink()
    seen.append(hashes())
    assert len(seen) > 8
    for one in zip(*seen, strict=True):
        assert len(set(one)) == len(seen)
    (shop.extension / ".editor_state").write_text("x")
    assert hashes() == seen[-1]


def test_the_made_project_follows_the_folder(shop):
    """A file that was removed would be built for ever; one that stayed would be parsed anew."""
    workspace = shop.workspace
    lay_out(workspace)
    made = workspace.dbt_project
    times = {path: path.lstat().st_mtime_ns for path in made.rglob("*") if not path.is_dir()}
    assert made / "own/intermediate/own_reservations.sql" in times
    lay_out(workspace)
    assert times == {path: path.lstat().st_mtime_ns for path in times}
    (shop.extension / INPUTS).unlink()
    lay_out(workspace)
    assert not (made / "own").exists()
    assert (made / "dbt_project.yml").is_file()
    assert (PROJECT / "models").is_dir()


def test_without_an_extension_nothing_is_made(tmp_path):
    """Every warehouse would get a made project, and dbt two sets of paths."""
    workspace = Workspace(PROJECT, tmp_path, tmp_path / "warehouse")
    lay_out(workspace)
    assert workspace.dbt_project == PROJECT
    assert not workspace.warehouse.exists()


def test_messages_name_the_file_as_it_lies(shop):
    """A person would look for the file below a folder they never made."""
    told = "Error in model x (extensions/models/marts/shop/x.sql)"
    shown = with_real_paths(shop.workspace, told)
    assert shown == f"Error in model x ({shop.extension}/models/marts/shop/x.sql)"


def test_templates_have_the_own_columns(shop, tmp_path):
    """Whoever fills the templates would not know of the extension's columns."""
    ended = subprocess.run(
        [sys.executable, "-m", "orchestration.landing.templates", str(tmp_path / "files")],
        cwd=PROJECT,
        env=shop.workspace.environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    header = (tmp_path / "files/orders.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.endswith(",table_number")
    assert (tmp_path / "files/reservations.csv").is_file()
