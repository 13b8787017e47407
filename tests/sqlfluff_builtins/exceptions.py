"""Stands in for dbt's `exceptions` while sqlfluff renders a model."""


def raise_compiler_error(message: str) -> str:
    """Let linting go on: settings have no values here, so a check of them always fails."""
    del message
    return ""
