"""Writes what a business starts from: one CSV per input, and inputs.yml with every key explained.

The example rows fit each other, so the folder loads as it is.

`python -m orchestration.landing.templates DIR`
"""

import argparse
import csv
import sys
from pathlib import Path

from orchestration.contract import Contract, ContractError, load_contract
from orchestration.landing.mapping import MAPPING_FILE, NULL_TEXTS
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace

INPUTS_YML = f"""\
# How your files map to holdfast's inputs. Everything here is optional: a file that is named after
# its input (orders.csv, orders_2024.csv.gz, orders/anything.parquet) and has the contract's column
# names needs none of it. Remove the # in front of what you need. docs/inputs.md lists all columns.
#
# A CSV says by itself, as a rule, its delimiter, encoding and decimal sign; state them where not.
# A setting here applies to all inputs; the same setting under an input applies to that one.

# format: csv                  # csv, jsonl or parquet; as a rule the file's name says it
# delimiter: ";"               # one sign, or tab
# encoding: windows-1251       # utf-8, utf-16, windows-1252 ...
# decimal: ","                 # sign between whole and fraction: "." or ","
# thousands: "."               # sign between groups of three digits, where numbers have one
# date_formats: ["%d.%m.%Y %H:%M", "%d.%m.%Y"]   # where dates are not 2024-03-01T12:00:00; also
#                              # epoch_seconds, epoch_milliseconds, spreadsheet_days (45658)
# time_zone: Europe/Berlin     # of instants without an offset; else the setting business_timezone
# loaded_through: 2026-10-31   # the delivery is complete up to the end of this day (or an instant)
# null_texts: {list(NULL_TEXTS)!r}   # texts that mean "no value"
# constants: {{_source: shop}}   # the same value in every row; _source tells shops or systems apart

# inputs:
#   orders:
#     files: ["exports/sales-*.csv"]            # where the files lie, below this folder
#     columns: {{order_id: Order No, ordered_at: Date}}   # column of holdfast: column of the file
#     values: {{status: {{Shipped: completed}}}}   # your word: holdfast's word
#     constants: {{currency: EUR}}
#     delimiter: "\\t"
#   customers:                                  # several systems: one entry each
#     - files: ["shop/customers*.csv"]
#       constants: {{_source: shop}}
#     - files: ["till/*.jsonl"]
#       columns: {{customer_id: customer.id}}     # a value within an object of JSON Lines
#       constants: {{_source: till}}
#
# Any file may have a column _source, and a column _deleted: a row in which it is true takes the
# row of its key away.
"""


def write_templates(folder: Path, contract: Contract) -> list[Path]:
    """Writes the templates, leaving files that are there already.

    Args:
        folder: Folder to write to, made where missing.
        contract: The input contract, whose examples make the rows.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in contract:
        path = folder / f"{table.name}.csv"
        if path.exists():
            continue
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([column.name for column in table.columns])
            writer.writerow([column.example or "" for column in table.columns])
        written.append(path)
    mapping = folder / MAPPING_FILE
    if not mapping.exists():
        mapping.write_text(INPUTS_YML, encoding="utf-8")
        written.append(mapping)
    return written


def main() -> None:
    """Writes the templates to the folder given."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        extensions = Workspace.from_environment().extensions
        written = write_templates(folder, load_contract(extensions=extensions))
    except (ContractError, SettingsError, OSError) as error:
        sys.exit(str(error))
    sys.stdout.write(
        f"{len(written)} files written to {folder}; what was there already is unchanged.\n"
        "Each CSV has one example row: put yours in its place.\n",
    )


if __name__ == "__main__":
    main()
