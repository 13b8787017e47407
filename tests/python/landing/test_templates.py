"""What a business starts from must itself load without a refusal."""

from pathlib import Path

import yaml

from orchestration.contract import Contract
from orchestration.landing.mapping import _DELIVERY_KEYS, load_mapping
from orchestration.landing.templates import write_templates
from orchestration.quality.inputs import check_inputs
from tests.python.landing.conftest import Business


def test_templates_load_with_nothing_refused(business: Business, contract: Contract) -> None:
    """The example rows fit each other and every rule, so a first try ends well."""
    write_templates(business.workspace.landing, contract)
    report = business.read()
    assert report.unmatched == ()
    results = check_inputs(
        business.workspace, contract, business.settings, business.refresh_id, business.now
    )
    assert [result.message for result in results if not result.is_success] == []
    accepted = business.accept()
    assert (accepted.rows_loaded, accepted.rows_refused) == (len(contract.inputs), 0)
    for table in contract:
        row = business.ask(f"select count(*) from landing.{table.name} where not _is_held")
        assert row == [(1,)], table.name


def test_inputs_yml_explains_every_key(tmp_path: Path, contract: Contract) -> None:
    """A key nobody can find is a key nobody uses; without the marks it must be valid."""
    write_templates(tmp_path, contract)
    text = (tmp_path / "inputs.yml").read_text(encoding="utf-8")
    missing = [key for key in _DELIVERY_KEYS if f"{key}:" not in text]
    assert missing == []
    assert yaml.safe_load(text) is None
    lines = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    start = lines.index("inputs:")
    settings = [line for line in lines[:start] if line.split(":")[0] in _DELIVERY_KEYS]
    rest = [line for line in lines[start:] if not line.startswith(("Any file", "row of"))]
    (tmp_path / "inputs.yml").write_text("\n".join(settings + rest), encoding="utf-8")
    deliveries = load_mapping(tmp_path, contract, "UTC")
    assert len(deliveries["customers"]) == 2


def test_files_that_are_there_are_left_alone(tmp_path: Path, contract: Contract) -> None:
    """Templates must not overwrite what a business has filled in."""
    (tmp_path / "orders.csv").write_text("mine")
    write_templates(tmp_path, contract)
    assert (tmp_path / "orders.csv").read_text() == "mine"
