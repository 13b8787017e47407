"""Turn the UCI Online Retail invoice lines into a landing folder of the input contract.

Usage:
    python -m examples.online_retail SOURCE_CSV_GZ OUT_LANDING
    make refresh LANDING=OUT_LANDING SETTINGS=OUT_LANDING/settings.yml

The source has one row per invoice line (InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
UnitPrice, CustomerID, Country). What each kind of line becomes stands in examples/README.md and,
once, in the statement LINES below; every line has exactly one kind, and the counts are printed.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import duckdb

from examples.landing_folder import write_csv, write_text

# Stock codes that are no goods. Everything else is one.
PRODUCT_KINDS = {
    "POST": "shipping",
    "DOT": "shipping",
    "C2": "shipping",
    "M": "service",
    "D": "service",
    "S": "service",
    "PADS": "service",
    "B": "fee",
    "BANK CHARGES": "fee",
    "CRUK": "fee",
    "AMAZONFEE": "fee",
}

# Why money went back, by the stock code credited; goods and vouchers are returns.
REFUND_REASONS = {
    "POST": "postage",
    "DOT": "postage",
    "C2": "postage",
    "M": "manual",
    "D": "discount",
    "S": "sample",
    "PADS": "return",
    "B": "bad debt",
    "BANK CHARGES": "fee",
    "CRUK": "fee",
    "AMAZONFEE": "fee",
}

INPUTS_YML = """\
# How the files beside this one are to be read. Instants carry no offset: London wall clock.
time_zone: Europe/London
"""

SETTINGS_YML = """\
reporting_currency: GBP
business_timezone: Europe/London
"""

# One row per line of the file. Codes are upper-cased, because 85123a and 85123A are one product.
# Lines that agree in every column are kept: they are two positions of one invoice.
LINES = """
create or replace table lines as
with

delivered as (

    select
        row_number() over () as line_number,
        trim("InvoiceNo") as invoice_no,
        upper(trim("StockCode")) as stock_code,
        nullif(trim("Description"), '') as description,
        cast("Quantity" as bigint) as quantity,
        cast("InvoiceDate" as timestamp) as invoiced_at,
        cast("UnitPrice" as decimal(18, 6)) as unit_price,
        nullif(trim("CustomerID"), '') as customer_id,
        trim("Country") as country
    from read_csv(
        $source,
        all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
        parallel = false, strict_mode = true
    )

),

described as (

    select
        *,
        starts_with(invoice_no, 'C') as is_credit,
        -- of one minute, the lower number came first
        cast(ltrim(invoice_no, 'CA') as bigint) as invoice_number,
        count_if(unit_price > 0 and quantity > 0) over (partition by invoice_no) > 0 as has_sale
    from delivered

)

select
    line_number,
    invoice_no,
    invoice_number,
    stock_code,
    description,
    quantity,
    invoiced_at,
    unit_price,
    quantity * unit_price as line_amount,
    customer_id,
    country,
    case
        -- bad debt booked in the ledger: neither sold nor given back
        when starts_with(invoice_no, 'A') or unit_price < 0 then 'adjustment'
        when unit_price > 0 and (is_credit or quantity < 0) then 'return'
        when unit_price > 0 and quantity > 0 then 'sale'
        -- a gift in an order, or an invoice over nothing to somebody known
        when quantity > 0 and not is_credit and (has_sale or customer_id is not null)
            then 'given_away'
        -- found, lost, damaged, "?": the warehouse's own bookings at price 0
        else 'stock_movement'
    end as line_kind
from described
"""

CUSTOMERS = """
select
    customer_id,
    -- a customer with two countries has the latest
    max_by(country, (invoiced_at, line_number)) as country
from lines
where customer_id is not null
group by customer_id
order by customer_id
"""

PRODUCTS = """
with

named as (

    select
        stock_code,
        description,
        count_if(line_kind = 'sale') as sales,
        count(*) as mentions
    from lines
    where description is not null
    group by stock_code, description

),

names as (

    -- what it was mostly sold as; remarks of the warehouse ("damaged", "?") where it never was
    select
        stock_code,
        description
    from named
    qualify row_number() over (
        partition by stock_code order by sales desc, mentions desc, description
    ) = 1

)

select
    codes.stock_code as product_id,
    names.description as name,
    case
        when starts_with(codes.stock_code, 'GIFT_') then 'gift_card'
        else coalesce(kinds.kind, 'good')
    end as kind
from (select distinct stock_code from lines) as codes
left join names on codes.stock_code = names.stock_code
left join product_kinds as kinds on codes.stock_code = kinds.stock_code
order by product_id
"""

ORDERS = """
select
    lines.invoice_no as order_id,
    any_value(lines.customer_id) as customer_id,
    -- 43 invoices carry two times, a minute apart
    strftime(min(lines.invoiced_at), '%Y-%m-%dT%H:%M:%S') as ordered_at,
    'completed' as status,
    sum(lines.line_amount) as gross_amount,
    sum(case when kinds.kind = 'shipping' then lines.line_amount else 0 end) as shipping_amount,
    'GBP' as currency
from lines
left join product_kinds as kinds on lines.stock_code = kinds.stock_code
where lines.line_kind in ('sale', 'given_away')
group by lines.invoice_no
order by order_id
"""

ORDER_ITEMS = """
select
    invoice_no || '-' || lpad(
        cast(row_number() over (partition by invoice_no order by line_number) as varchar), 4, '0'
    ) as order_item_id,
    invoice_no as order_id,
    stock_code as product_id,
    quantity,
    unit_price
from lines
where line_kind in ('sale', 'given_away')
order by order_item_id
"""

REFUNDS = """
with

sales as (

    select distinct
        customer_id,
        stock_code,
        invoice_no,
        invoice_number,
        min(invoiced_at) over (partition by invoice_no) as invoiced_at
    from lines
    where line_kind = 'sale'

),

returns as (

    select
        line_number,
        invoice_no,
        invoice_number,
        stock_code,
        customer_id,
        invoiced_at,
        -line_amount as amount
    from lines
    where line_kind = 'return'

),

matched as (

    -- the latest earlier invoice of the same customer and product; a customer unknown matches none
    select
        returns.line_number,
        max_by(sales.invoice_no, (sales.invoiced_at, sales.invoice_number)) as order_id
    from returns
    inner join sales
        on
            returns.customer_id = sales.customer_id
            and returns.stock_code = sales.stock_code
            and (sales.invoiced_at, sales.invoice_number)
            < (returns.invoiced_at, returns.invoice_number)
    group by returns.line_number

)

-- without one, the credit's own number: no such order exists, so the refund is an orphan (E33)
select
    returns.invoice_no || '-' || coalesce(matched.order_id, returns.invoice_no) as refund_id,
    coalesce(matched.order_id, returns.invoice_no) as order_id,
    strftime(min(returns.invoiced_at), '%Y-%m-%dT%H:%M:%S') as refunded_at,
    sum(returns.amount) as amount,
    'GBP' as currency,
    -- of a credit over several things, what weighs most
    coalesce(max_by(reasons.reason, (returns.amount, returns.line_number)), 'return') as reason
from returns
left join matched on returns.line_number = matched.line_number
left join refund_reasons as reasons on returns.stock_code = reasons.stock_code
group by returns.invoice_no, coalesce(matched.order_id, returns.invoice_no)
order by refund_id
"""

FILES = {
    "customers": CUSTOMERS,
    "products": PRODUCTS,
    "orders": ORDERS,
    "order_items": ORDER_ITEMS,
    "refunds": REFUNDS,
}


@dataclass(frozen=True)
class Conversion:
    """What became of the source: lines by kind, and rows written by input."""

    lines: dict[str, int]
    rows: dict[str, int]


def convert(source: Path, landing: Path) -> Conversion:
    """Write the landing folder for one file of invoice lines.

    Args:
        source: The CSV file, plain or gzip, with the eight columns of the UCI data set.
        landing: Folder to write into; made where it is missing, its files replaced.

    Returns:
        Lines by kind (they sum to the lines of the file) and rows written by input.

    Raises:
        duckdb.Error: When the file cannot be read or a quantity, price or time does not parse.
    """
    with duckdb.connect() as con:
        con.execute("set preserve_insertion_order = true")
        con.execute(LINES, {"source": str(source)})
        _write_mapping(con, "product_kinds", "kind", PRODUCT_KINDS)
        _write_mapping(con, "refund_reasons", "reason", REFUND_REASONS)
        kinds = con.execute(
            "select line_kind, count(*) from lines group by line_kind order by line_kind"
        ).fetchall()
        rows = {name: write_csv(con, query, landing, name) for name, query in FILES.items()}
    write_text(landing / "inputs.yml", INPUTS_YML)
    write_text(landing / "settings.yml", SETTINGS_YML)
    return Conversion(lines=dict(kinds), rows=rows)


def _write_mapping(
    con: duckdb.DuckDBPyConnection, table: str, column: str, mapping: dict[str, str]
) -> None:
    """Make a two-column table out of a mapping by stock code."""
    con.execute(f"create or replace table {table} (stock_code varchar, {column} varchar)")
    con.executemany(f"insert into {table} values (?, ?)", list(mapping.items()))


def main() -> None:
    """Convert the file named on the command line and say what became of its lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="online_retail_lines.csv.gz")
    parser.add_argument("landing", type=Path, help="folder to write")
    arguments = parser.parse_args()
    conversion = convert(arguments.source, arguments.landing)
    for kind, lines in conversion.lines.items():
        print(f"{kind:<16}{lines:>9} lines")
    for name, rows in conversion.rows.items():
        print(f"{name:<16}{rows:>9} rows")


if __name__ == "__main__":
    main()
