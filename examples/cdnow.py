"""Turn the CDNOW sample of the BTYD papers into a landing folder of the input contract.

Usage:
    python -m examples.cdnow ORDERS_CSV OUT_LANDING
    make refresh LANDING=OUT_LANDING SETTINGS=OUT_LANDING/settings.yml

The source has one row per order (customer_id, order_id, ordered_at as a day, amount in USD,
quantity, sample_id). Products and prices of single discs are not in it, so there are orders and
customers only.
"""

import argparse
from pathlib import Path

import duckdb

from examples.landing_folder import write_csv, write_text

# The sample was cut on 30 June 1998: days without an order before it are silence, not missing data.
INPUTS_YML = """\
# How the files beside this one are to be read, and the last day the sample covers.
time_zone: America/New_York
loaded_through: 1998-06-30
"""

# The papers count the 8 orders of amount 0 as purchases.
SETTINGS_YML = """\
reporting_currency: USD
business_timezone: America/New_York
allow_zero_orders: true
"""

# Text all the way: ids keep their leading zeros, amounts never pass through a double.
ORDER_LINES = """
create or replace table order_lines as
select
    trim(customer_id) as customer_id,
    trim(order_id) as order_id,
    cast(ordered_at as date) as ordered_on,
    cast(amount as decimal(18, 2)) as amount
from read_csv(
    $source,
    all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', parallel = false
)
"""

CUSTOMERS = """
select distinct customer_id
from order_lines
order by customer_id
"""

ORDERS = """
select
    order_id,
    customer_id,
    strftime(ordered_on, '%Y-%m-%d') as ordered_at,
    'completed' as status,
    amount as gross_amount,
    'USD' as currency
from order_lines
order by order_id
"""

FILES = {"customers": CUSTOMERS, "orders": ORDERS}


def convert(source: Path, landing: Path) -> dict[str, int]:
    """Write the landing folder for the file of orders.

    Args:
        source: cdnow_sample_orders.csv.
        landing: Folder to write into; made where it is missing, its files replaced.

    Returns:
        Rows written by input.

    Raises:
        duckdb.Error: When the file cannot be read or a day or amount does not parse.
    """
    with duckdb.connect() as con:
        con.execute(ORDER_LINES, {"source": str(source)})
        rows = {name: write_csv(con, query, landing, name) for name, query in FILES.items()}
    write_text(landing / "inputs.yml", INPUTS_YML)
    write_text(landing / "settings.yml", SETTINGS_YML)
    return rows


def main() -> None:
    """Convert the file named on the command line and say how many rows were written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="cdnow_sample_orders.csv")
    parser.add_argument("landing", type=Path, help="folder to write")
    arguments = parser.parse_args()
    for name, rows in convert(arguments.source, arguments.landing).items():
        print(f"{name:<16}{rows:>9} rows")


if __name__ == "__main__":
    main()
