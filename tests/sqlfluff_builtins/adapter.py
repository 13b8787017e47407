"""Stands for dbt's `adapter` while sqlfluff renders a model: a dispatched macro is DuckDB's.

sqlfluff's jinja templater knows `ref`, `source` and `var`, not `adapter.dispatch`.
"""

from collections.abc import Callable

import jinja2


@jinja2.pass_context
def dispatch(
    context: jinja2.runtime.Context, macro_name: str, macro_namespace: str | None = None
) -> Callable[..., str]:
    """Return the default variant of a macro, as the engine here takes it.

    Args:
        context: Names known while a file is rendered.
        macro_name: Name of the macro.
        macro_namespace: Project that owns it; unused, there is only this one.

    Returns:
        The macro to call.
    """
    del macro_namespace
    return context[f"default__{macro_name}"]
