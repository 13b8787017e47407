"""How each input is written: columns as text, and files of several formats on purpose.

Most inputs are CSV; one has `;` and decimal commas, one carries other column names, one is gzip,
two are JSON Lines, one is Parquet; instants come with a blank, with T, with Z. inputs.yml says what
a loader cannot see by itself.
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.sample_data.contacts import (
    COMPLAINT_CATEGORIES,
    CONTACT_CHANNELS,
    FEATURES,
    FEEDBACK_SOURCES,
    LOYALTY_ACTIONS,
    MESSAGE_CHANNELS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    SURVEYS,
    TOPICS,
)
from orchestration.sample_data.mess import FAULTS
from orchestration.sample_data.orders import REFUND_REASONS, SALES_CHANNELS, STATUSES
from orchestration.sample_data.subscriptions import (
    CANCEL_REASONS,
    ITEMS,
    PAYMENT_STATUSES,
    SUBSCRIPTION_STATUSES,
)
from orchestration.sample_data.world import (
    CATEGORIES,
    CHANNELS,
    CITIES,
    COUNTRIES,
    OPEN_STEPS,
    PLAN_INTERVAL,
    PLANS,
    Frame,
)

FIRST_NAMES = (
    "anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "klara",
    "leo", "mia", "noah", "olga", "paul", "rosa", "simon", "tina", "zoe",
)  # fmt: skip
LAST_NAMES = (
    "becker", "fischer", "huber", "janssen", "keller", "kowalska", "lang", "martin", "moreau",
    "nowak", "petit", "schmidt", "smit", "visser", "wagner", "weber", "winter",
)  # fmt: skip
MAIL_DOMAINS = ("mail.example", "post.example", "inbox.example")
COMMENTS = ("Fast and friendly", 'They said "tomorrow", it took a week', "Fine, thanks\nas always")
GENDERS = ("female", "male", "diverse", "unknown")
AGE_YEARS = 55

MACROS = """
create macro cents(amount) as cast(cast(amount as decimal(16, 0)) * 0.01 as varchar);
create macro comma(number) as replace(number, '.', ',');
create macro moment(stamp) as case when stamp >= 0 then make_timestamp(stamp * 1000000) end;
create macro blank(stamp) as cast(moment(stamp) as varchar);
create macro tee(stamp) as replace(blank(stamp), ' ', 'T');
create macro account_id(number) as case when number >= 0 then 'C-' || (10000000 + number) end;
create macro employee_id(number)
    as case when number >= 0 then lpad(cast(number + 1 as varchar), 4, '0') end;
create macro product_id(number)
    as case when number >= 0 then 'P-' || lpad(cast(number as varchar), 3, '0') end;
create macro campaign_id(number) as case when number >= 0 then 'CA-' || (number + 1) end;
create macro known(prefix, number) as case when number >= 0 then prefix || number end;
create macro spelled(address, spelling) as
    case spelling when 1 then upper(address) when 2 then ' ' || initcap_mail(address) || '  '
    else address end;
"""


def _word(column: str, words: tuple[str, ...]) -> str:
    """Returns SQL for the word of a code, null for a negative one."""
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return f"case when {column} >= 0 then ([{listed}])[{column} + 1] end"


def _mail(number: str) -> str:
    """Returns SQL for the e-mail address of a person's number."""
    first = _word(f"{number} % {len(FIRST_NAMES)}", FIRST_NAMES)
    last = _word(f"{number} % {len(LAST_NAMES)}", LAST_NAMES)
    domain = _word(f"{number} % {len(MAIL_DOMAINS)}", MAIL_DOMAINS)
    return f"({first} || '.' || {last} || {number} || '@' || {domain})"


@dataclass(frozen=True)
class Layout:
    """How one input is delivered.

    Attributes:
        columns: Column of the file to the SQL that gives its text.
        ending: Ending of the files, which says the format.
        is_folder: Whether its files stand in a folder of the input's name.
        options: Further options of COPY.
    """

    columns: dict[str, str]
    ending: str = "csv"
    is_folder: bool = False
    options: str = "header, delimiter ','"

    def path(self, landing: Path, name: str, delivery: int, part: int) -> Path:
        """Returns where a part of a delivery belongs; later deliveries sort behind."""
        file = f"{name}_{delivery}_{part:05d}.{self.ending}"
        return landing / name / file if self.is_folder else landing / file


NATIVE = "case when usd then 'USD' else 'EUR' end"
# A currency left out means the reporting currency, or the order's for a refund.
NATIVE_OR_BLANK = "case when usd then 'USD' when {id} % 3 = 0 then 'EUR' end"
HALF_CENT = "cast(cast({amount} as decimal(16, 0)) * 0.01 + 0.005 as varchar)"


def _amount(column: str, *, tie: str | None = None) -> str:
    """Returns SQL for an amount in cents, half a cent more where `tie` holds."""
    plain = f"cents({column})"
    if tie is None:
        return plain
    return f"case when {tie} then {HALF_CENT.format(amount=column)} else {plain} end"


def _optional(column: str) -> str:
    """Returns SQL for an amount in cents that is left out where it is 0."""
    return f"case when {column} > 0 then cents({column}) end"


LAYOUTS: dict[str, Layout] = {
    "customers": Layout(
        {
            "customer_id": "account_id(account)",
            "signed_up_at": "blank(stamp)",
            "email": f"""case when is_erased then null
                when shares_email then 'purchasing@firm' || (number // 2) || '.example'
                when number % 3 = 0 then upper({_mail("number")}) else {_mail("number")} end""",
            "gender": _word("trait % 11 // 3", GENDERS),
            "birth_date": "case when not is_erased and trait % 7 < 5 then "
            f"date '1955-01-01' + cast(trait % ({AGE_YEARS} * 365) as integer) end",
            "country": _word("country", COUNTRIES),
            "city": f"case when not is_erased then {_word('country', CITIES)} end",
            "acquisition_channel": _word("channel", CHANNELS),
            "acquisition_cost": "case when cost > 0 then cents(cost) end",
            "account_owner_id": "employee_id(owner)",
            "preferred_channel": _word("trait % 5 - 2", ("email", "phone", "post")),
            "phone": "case when not is_erased and trait % 2 = 0 then "
            "'+49 30 ' || (1000000 + number) end",
            "parent_customer_id": "account_id(parent)",
            "referred_by_customer_id": "account_id(referrer)",
            "merged_into_customer_id": "account_id(merged_into)",
            "is_test": "case when is_test then 'true' when trait % 2 = 0 then 'false' end",
            "deleted_at": "blank(erased_at)",
        },
        is_folder=True,
    ),
    "orders": Layout(
        {
            "order_id": "'O-' || \"order\"",
            "customer_id": "account_id(account)",
            "guest_email": f"case when guest >= 0 then spelled({_mail('guest')}, spelling) end",
            "ordered_at": "blank(stamp)",
            "paid_at": "blank(paid_at)",
            "status": _word("status", STATUSES),
            "gross_amount": _amount("gross", tie="is_tie"),
            "discount_amount": _optional("discount"),
            "tax_amount": _optional("tax"),
            "shipping_amount": _optional("shipping"),
            "currency": NATIVE_OR_BLANK.format(id='"order"'),
            "sales_channel": _word("sales_channel", SALES_CHANNELS),
            "employee_id": "employee_id(employee)",
            "cancelled_at": "blank(cancelled_at)",
            "prices_include_tax": "case when untaxed then 'false' "
            "when \"order\" % 2 = 0 then 'true' end",
            "exchange_of_order_id": "known('O-', exchange_of)",
            "tender_credit_amount": _optional("tender"),
            "is_test": "case when is_test then 'true' else 'false' end",
            "is_subscription_order": "case when is_box then 'true' else 'false' end",
        },
        is_folder=True,
    ),
    "order_items": Layout(
        {
            "order_item_id": "'OI-' || item",
            "order_id": "case when is_held then 'O-missing-' || item else 'O-' || \"order\" end",
            "product_id": "product_id(product)",
            "quantity": "cast(quantity as varchar)",
            "unit_price": "case when is_tie then "
            f"{HALF_CENT.format(amount='amount')} when quantity = 1 then cents(amount) else "
            "cast(cast(amount / 100.0 / quantity as decimal(18, 6)) as varchar) end",
            "discount_amount": _optional("discount"),
        },
    ),
    "refunds": Layout(
        {
            "refund_id": "'R-' || refund",
            "order_id": "case when is_orphan then 'O-old-' || old_order else 'O-' || \"order\" end",
            "refunded_at": "blank(stamp)",
            "amount": "comma(cents(amount))",
            "currency": NATIVE_OR_BLANK.format(id="refund"),
            "reason": _word("reason", REFUND_REASONS),
        },
        options="header, delimiter ';'",
    ),
    "subscription_periods": Layout(
        {
            "subscription_id": "'S-' || subscription",
            "item_id": _word("item", ITEMS),
            "starts_at": "tee(starts_at) || 'Z'",
            "kind": "case when item = 2 then 'setup' else 'recurring' end",
            "ends_at": "tee(ends_at) || 'Z'",
            "customer_id": "account_id(account)",
            "plan_id": _word("plan", PLANS),
            "status": _word("status", SUBSCRIPTION_STATUSES),
            "quantity": "cast(quantity as varchar)",
            "unit_amount": "cents(price)",
            "discount_amount": _optional("discount"),
            "discount_is_recurring": "case when discount > 0 then "
            "case when is_once then 'false' else 'true' end end",
            "billing_interval": _word("plan", PLAN_INTERVAL),
            "billing_interval_count": "case when plan = 4 then '4' else '1' end",
            "currency": NATIVE,
            "cancel_requested_at": "tee(asked_at) || 'Z'",
            "cancel_reason": _word("cancel_reason", CANCEL_REASONS),
            "replaces_subscription_id": "known('S-', replaces)",
        },
    ),
    "payments": Layout(
        {
            "payment_id": "'PM-' || payment",
            "customer_id": "account_id(account)",
            "subscription_id": "known('S-', subscription)",
            "order_id": "known('O-', \"order\")",
            "due_at": "blank(due_at)",
            "paid_at": "blank(paid_at)",
            "amount": "cents(amount)",
            "currency": NATIVE,
            "status": _word("status", PAYMENT_STATUSES),
            "failure_code": _word("code", ("card_expired", "insufficient_funds", "refused")),
        },
    ),
    "interactions": Layout(
        {
            "interaction_id": "'I-' || interaction",
            "customer_id": "account_id(account)",
            "employee_id": "employee_id(employee)",
            "occurred_at": "blank(stamp)",
            "channel": _word("channel", CONTACT_CHANNELS),
            "direction": "case when is_out then 'out' else 'in' end",
            "duration_minutes": "cast(cast(minutes as decimal(16, 0)) * 0.1 as varchar)",
            "cost": "case when cost >= 0 then cents(cost) end",
            "topic": _word("topic", TOPICS),
            "outcome": _word("outcome", OUTCOMES),
            # a column nobody asked for
            "crm_ticket": "'T' || (interaction * 7 % 99991)",
        },
    ),
    "complaints": Layout(
        {
            "complaint_id": "'CP-' || complaint",
            "customer_id": "account_id(account)",
            "opened_at": "blank(stamp)",
            "first_response_at": "blank(answered_at)",
            "resolved_at": "blank(resolved_at)",
            "reopened_at": "blank(reopened_at)",
            "category": _word("category", COMPLAINT_CATEGORIES),
            "severity": _word("severity", SEVERITIES),
            "status": _word("status", ("open", "resolved", "reopened")),
            "channel": _word("channel", CONTACT_CHANNELS),
            "order_id": "known('O-', \"order\")",
            "product_id": "product_id(product)",
            "employee_id": "employee_id(employee)",
        },
    ),
    "survey_responses": Layout(
        {
            "response_id": "'SR-' || response",
            "customer_id": "account_id(account)",
            "survey": _word("survey", SURVEYS),
            "sent_at": "tee(stamp)",
            "responded_at": "tee(responded_at)",
            "score": "case when score >= 0 then cast(score as varchar) end",
            "comment": _word("comment", COMMENTS),
        },
        ending="jsonl",
        options="format json",
    ),
    "churn_feedback": Layout(
        {
            "feedback_id": "'CF-' || feedback",
            "customer_id": "account_id(account)",
            "recorded_at": "blank(stamp)",
            "reason_code": _word("reason", REASONS),
            "source": _word("source", FEEDBACK_SOURCES),
            "employee_id": "employee_id(employee)",
            "note": f"'Said: ' || {_word('note', REASONS)} || ', and \"nothing\" else'",
        },
    ),
    "messages": Layout(
        {
            "message_id": "'M-' || message",
            "campaign_id": "campaign_id(campaign)",
            "customer_id": "account_id(account)",
            "channel": _word("channel", MESSAGE_CHANNELS),
            "variant": _word("variant", ("treatment", "control")),
            "sent_at": "tee(stamp) || '+00:00'",
            "delivered_at": "tee(delivered_at) || '+00:00'",
            "opened_at": "tee(opened_at) || '+00:00'",
            "clicked_at": "tee(clicked_at) || '+00:00'",
            "bounced_at": "tee(bounced_at) || '+00:00'",
            "unsubscribed_at": "tee(left_at) || '+00:00'",
            "offer_cost": _optional("offer_cost"),
        },
        ending="jsonl",
        is_folder=True,
        options="format json",
    ),
    "contact_preferences": Layout(
        {
            "customer_id": "account_id(account)",
            "channel": _word("channel", MESSAGE_CHANNELS),
            "opted_in": "case when opted_in = 1 then 'true' else 'false' end",
            "changed_at": "blank(stamp)",
        },
    ),
    "loyalty_events": Layout(
        {
            "event_id": "'L-' || event",
            "customer_id": "account_id(account)",
            "occurred_at": "blank(stamp)",
            "action": _word("action", LOYALTY_ACTIONS),
            "points": "cast(points as varchar)",
        },
        ending="csv.gz",
        options="header, delimiter ',', compression gzip",
    ),
    "onboarding_events": Layout(
        {
            "customer_id": "account_id(account)",
            "step": _word("step", OPEN_STEPS),
            "completed_at": "blank(stamp)",
        },
    ),
    "product_usage": Layout(
        {
            "customer_id": "account_id(account)",
            "used_on": "cast(moment(stamp) as date)",
            "feature": _word("feature", FEATURES),
            "product_id": "product_id(product)",
            "sessions": "sessions",
            "events": "events",
            "minutes": "cast(cast(minutes as decimal(16, 0)) * 0.1 as decimal(18, 1))",
        },
        ending="parquet",
        is_folder=True,
        options="format parquet",
    ),
    "products": Layout(
        {
            "product_id": "product_id(product)",
            "name": "name",
            "category": _word("category", CATEGORIES),
            "kind": "kind",
            "unit_cost": "case when cost >= 0 then cents(cost) end",
            "is_repeatable": "case when is_repeatable then 'true' else 'false' end",
            "introduced_on": "cast(moment(stamp) as date)",
        },
    ),
    "employees": Layout(
        {
            # other names than the contract's: inputs.yml maps them
            "staff_no": "employee_id(employee)",
            "full_name": "name",
            "team": "team",
            "role": "role",
            "hourly_cost": "cents(hourly_cost)",
            "active_from": "cast(moment(from_at) as date)",
            "active_to": "cast(moment(to_at) as date)",
        },
    ),
    "campaigns": Layout(
        {
            "campaign_id": "campaign_id(campaign)",
            "name": "name",
            "kind": "kind",
            "starts_on": "cast(moment(stamp) as date)",
            "ends_on": "cast(moment(to_at) as date)",
            "return_window_days": "window_days",
            "cost": "cents(cost)",
            "currency": "'EUR'",
        },
    ),
    "marketing_spend": Layout(
        {
            "spent_on": "cast(moment(stamp) as date)",
            "acquisition_channel": _word("channel", CHANNELS),
            "campaign_id": "campaign_id(campaign)",
            "amount": "cents(amount)",
            "currency": "case when amount % 2 = 0 then 'EUR' end",
        },
    ),
    "exchange_rates": Layout(
        {
            "rate_date": "cast(moment(stamp) as date)",
            "currency": "'USD'",
            "rate_to_reporting": "cast(cast(rate as decimal(18, 6)) as varchar)",
        },
    ),
    "business_changes": Layout(
        {
            "change_id": "change_id",
            "name": "name",
            "kind": "kind",
            "effective_on": "cast(moment(stamp) as date)",
            "scope_dimension": "scope_dimension",
            "scope_value": "scope_value",
        },
        ending="jsonl",
        options="format json",
    ),
}
BLOCK_INPUTS = tuple(FAULTS)
SHARED_INPUTS = tuple(name for name in LAYOUTS if name not in FAULTS)
EMPLOYEE_COLUMNS = {"employee_id": "staff_no", "name": "full_name"}


def inputs_yml(until: str) -> str:
    """Returns the inputs.yml that stands beside the files.

    Args:
        until: Last day of the sample, ISO.
    """
    columns = ", ".join(f"{name}: {theirs}" for name, theirs in EMPLOYEE_COLUMNS.items())
    return f"""\
# How the files beside this one are to be read; what they show by themselves is not said here.
time_zone: UTC
inputs:
  orders:
    loaded_through: {until}
  subscription_periods:
    loaded_through: {until}
  refunds:
    delimiter: ";"
    decimal: ","
  employees:
    files: staff_list.csv
    columns: {{{columns}}}
"""


@dataclass
class Writer:
    """Writes frames below a landing folder and counts their rows.

    Attributes:
        landing: The landing folder.
        rows: Rows written, by input.
    """

    landing: Path
    rows: dict[str, int] = field(default_factory=dict)

    def write(self, name: str, frame: Frame, part: int) -> None:
        """Writes one part of an input, a file per delivery; no file where there is no row.

        Args:
            name: Input.
            frame: Its rows; with `delivery` and `fault` where they may be spoiled.
            part: Number of the part.
        """
        layout = LAYOUTS[name]
        frame = dict(frame)
        count = len(next(iter(frame.values())))
        frame.setdefault("delivery", np.ones(count, dtype=np.int64))
        frame.setdefault("fault", np.zeros(count, dtype=np.int64))
        frame["position"] = np.arange(count)
        self.rows[name] = self.rows.get(name, 0) + count
        columns = dict(layout.columns)
        for code, fault in enumerate(FAULTS.get(name, ()), start=1):
            text = columns[fault.column]
            columns[fault.column] = f"case when fault = {code} then {fault.text} else {text} end"
        listed = ",\n".join(f'{text} as "{column}"' for column, text in columns.items())
        with duckdb.connect() as con:
            con.execute("set threads = 2")
            con.execute(_initcap_macro())
            con.execute(MACROS)
            con.register("frame", pd.DataFrame(frame))
            for delivery in np.unique(frame["delivery"]):
                path = layout.path(self.landing, name, int(delivery), part)
                path.parent.mkdir(parents=True, exist_ok=True)
                con.execute(
                    f"copy (select {listed} from frame where delivery = {int(delivery)} "
                    f"order by position) to '{_quoted(path)}' ({layout.options})"
                )
            con.unregister("frame")


def _initcap_macro() -> str:
    """Returns the macro that writes an address with capitals."""
    return (
        "create macro initcap_mail(address) as "
        "upper(left(address, 1)) || substr(address, 2, 1) || upper(substr(address, 3, 1)) "
        "|| substr(address, 4)"
    )


def _quoted(path: Path) -> str:
    """Returns a path for a SQL literal."""
    return str(path).replace("'", "''")


def rename_shared(landing: Path) -> None:
    """Gives shared inputs, which are one file each, their plain names.

    The list of employees comes from a spreadsheet: another name, and a byte order mark.
    """
    for name in SHARED_INPUTS:
        layout = LAYOUTS[name]
        written = layout.path(landing, name, 1, 0)
        if not written.exists():
            continue
        if name == "employees":
            text = written.read_bytes()
            (landing / "staff_list.csv").write_bytes(b"\xef\xbb\xbf" + text)
            written.unlink()
        else:
            written.rename(landing / f"{name}.{layout.ending}")
