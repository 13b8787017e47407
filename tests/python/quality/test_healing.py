"""A refused row, corrected and delivered again, is healed in quarantine, whatever it was for."""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import Contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.quality.inputs import check_inputs
from orchestration.workspace import PROJECT
from tests.python.landing.outcomes import assert_accounts
from tests.python.quality.scene import CONTRACT, NOW, Scene, header, least_row
from tests.python.quality.test_rules import REFUSING, RULES, row_for, wrong_values

# What has no key that a corrected row could share is healed by its file, delivered again.
BY_FILE = {
    check_id
    for check_id in REFUSING
    if RULES[check_id].column in CONTRACT.inputs[RULES[check_id].input].key
    and RULES[check_id].name != "missing"
}
BROKEN_LINE = "a line that does not parse"


@dataclass
class Healing:
    """The quarantine, by check, as healed (True) or open after each refresh."""

    after: list[dict[str, bool]] = field(default_factory=list)


def refreshed(scene: Scene) -> dict[str, bool]:
    """Reads, checks and takes what lies there; says what the first refresh refused is by now."""
    scene.check()
    accept(scene.workspace, CONTRACT, scene.load_settings(), scene.refresh_id, NOW)
    with duckdb.connect(str(scene.workspace.work_db), read_only=True) as con:
        assert_accounts(con)
        rows = con.execute(
            """select case when rule = 'line' then ? when starts_with(rule, 'order_items')
                then input || '.' || rule else input || '.' || rule end,
                bool_and(healed_at is not null)
            from ops.quarantined_rows where refresh_id = 'r1' group by 1""",
            [BROKEN_LINE],
        ).fetchall()
    return dict(rows)


@pytest.fixture(scope="module")
def healing(tmp_path_factory: pytest.TempPathFactory) -> Healing:
    """Breaks every refusing rule once, then corrects in other files, then in the files' own."""
    scene = Scene(tmp_path_factory.mktemp("healing"), {"max_quarantined_share": 1})
    broken: dict[str, list[dict[str, str]]] = {table.name: [] for table in CONTRACT}
    sound: dict[str, list[dict[str, str]]] = {table.name: [] for table in CONTRACT}
    for table in CONTRACT:
        if len(table.key) == 1:
            known = least_row(table, 0) | {table.key[0]: "known"}
            broken[table.name].append(
                known | ({"order_id": "known"} if "order_id" in known else {})
            )
    for number, check_id in enumerate(REFUSING, start=1):
        rule = RULES[check_id]
        if rule.name == "missing":
            continue
        row = row_for(rule, number)
        column = CONTRACT.inputs[rule.input].column(rule.column)
        # a later instant, as an early one may break what it follows
        value = wrong_values(column, rule.name)[-1]
        faulty = row | {rule.column: value}
        if any(faulty.values()):
            broken[rule.input].append(faulty)
            sound[rule.input].append(row)
        if rule.input == "orders" and rule.column != "order_id":
            # so that it lacks nothing else once it is sound
            item = least_row(CONTRACT.inputs["order_items"], number)
            sound["order_items"].append(item | {"order_id": row["order_id"]})
    lonely = least_row(CONTRACT.inputs["orders"], len(REFUSING) + 1)
    broken["orders"].append(lonely)
    item = least_row(CONTRACT.inputs["order_items"], len(REFUSING) + 1)
    sound["order_items"].append(item | {"order_id": lonely["order_id"]})
    found = Healing()
    for name, rows in broken.items():
        scene.deliver(name, rows, columns=header(name))
    path = scene.workspace.landing / "products.csv"
    path.write_text(path.read_text() + "cut,off\n")
    found.after.append(refreshed(scene))
    for name, rows in sound.items():
        if rows:
            scene.deliver(name, rows, file=f"{name}_corrected.csv", columns=header(name))
    found.after.append(refreshed(scene))
    for name, rows in broken.items():
        kept = [row for row in rows if row.get(CONTRACT.inputs[name].key[0]) == "known"]
        # in another order, as a file of bytes that were loaded is passed over
        scene.deliver(name, [*kept, *reversed(sound[name])], columns=header(name))
    found.after.append(refreshed(scene))
    return found


def test_everything_was_refused_at_first(healing: Healing) -> None:
    """What is not refused cannot show that it heals."""
    assert set(healing.after[0]) >= {*REFUSING, BROKEN_LINE} - {
        # a row of nothing but an empty key is no row
        check_id
        for check_id in BY_FILE
        if RULES[check_id].name == "required"
    }
    assert not any(healing.after[0].values())


@pytest.mark.parametrize("check_id", sorted(set(REFUSING) - BY_FILE))
def test_corrected_row_heals_what_it_corrects(healing: Healing, check_id: str) -> None:
    """A row corrected in any later file would else stay in the list of what is to be corrected."""
    assert healing.after[1][check_id]


def test_corrected_file_heals_what_has_no_key(healing: Healing) -> None:
    """A line that does not parse, or whose key is wrong, is known by its file alone."""
    assert not healing.after[1][BROKEN_LINE]
    assert {check_id for check_id, is_healed in healing.after[2].items() if not is_healed} == set()


def test_row_heals_where_the_rule_that_refused_it_was_mended(tmp_path: Path) -> None:
    """A reason added to its list, a bound that was loosened: the file is known, and delivered again
    it was passed over as well."""
    scene = Scene(tmp_path, {"max_quarantined_share": 1})
    seeds = shutil.copytree(PROJECT / "seeds", tmp_path / "project" / "seeds")
    workspace = replace(scene.workspace, project=tmp_path / "project")
    feedback, products = CONTRACT.inputs["churn_feedback"], CONTRACT.inputs["products"]
    sound = least_row(feedback, 1)
    scene.deliver(feedback.name, [sound, least_row(feedback, 2) | {"reason_code": "moved_abroad"}])
    scene.deliver(products.name, [least_row(products, 1) | {"unit_cost": "-1"}])

    def refresh(refresh_id: str, contract: Contract) -> list[tuple]:
        settings = scene.load_settings()
        read_deliveries(workspace, contract, settings, refresh_id, NOW)
        check_inputs(workspace, contract, settings, refresh_id, NOW)
        accept(workspace, contract, settings, refresh_id, NOW)
        return scene.sql(
            """select (select count(*) from landing.churn_feedback),
                (select count(*) from landing.products),
                (select count(*) from ops.quarantined_rows where healed_at is null)"""
        )

    assert refresh("r1", CONTRACT) == [(1, 0, 2)]
    with (seeds / "churn_reasons.csv").open("a") as file:
        file.write("moved_abroad,Moved abroad,personal,false,Lives elsewhere now\n")
    assert refresh("r2", CONTRACT) == [(2, 0, 1)]
    columns = tuple(
        replace(column, minimum=None) if column.name == "unit_cost" else column
        for column in products.columns
    )
    loosened = CONTRACT.inputs | {"products": replace(products, columns=columns)}
    assert refresh("r3", Contract(loosened)) == [(2, 1, 0)]
