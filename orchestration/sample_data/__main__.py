"""Command line of the sample generator: `python -m orchestration.sample_data --out DIR`."""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

from orchestration.sample_data.generate import LANDING, SampleError, generate
from orchestration.sample_data.parameters import ParameterError, Parameters


def main(arguments: list[str] | None = None) -> int:
    """Writes a sample and says what was written.

    Args:
        arguments: Command line; None = the process's own.

    Returns:
        0 when the sample stands, 2 when it cannot be made as asked.
    """
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.sample_data", description=__doc__
    )
    parser.add_argument("--customers", type=int, default=Parameters.customers, help="people")
    parser.add_argument("--seed", type=int, default=Parameters.seed, help="same seed, same files")
    parser.add_argument(
        "--until", type=dt.date.fromisoformat, default=Parameters.until, help="last day, YYYY-MM-DD"
    )
    parser.add_argument("--years", type=float, default=Parameters.years, help="length of history")
    parser.add_argument("--out", type=Path, required=True, help="folder for landing/ and truth")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may repeat"
    )
    parser.add_argument(
        "--plain", action="store_true", help="no effects and no mess; --param is applied after it"
    )
    parser.add_argument("--people-per-file", type=int, default=50_000, help="people in one file")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    try:
        parameters = Parameters(
            customers=options.customers, seed=options.seed, until=options.until, years=options.years
        )
        parameters = parameters.plain() if options.plain else parameters
        parameters = parameters.with_assignments(options.param)
        truth = generate(
            parameters,
            options.out,
            people_per_file=options.people_per_file,
            workers=options.workers,
            progress=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except (ParameterError, SampleError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, facts in truth["inputs"].items():
        print(f"{name:<22}{facts['rows_delivered']:>12} rows")
    print(f"{options.out / LANDING}: {time.monotonic() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
