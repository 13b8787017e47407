"""Copies of the published marts for tools that do not read them, and Superset over them.

The copies (a spreadsheet, PostgreSQL) are readers themselves: they open marts.duckdb as any client
does, run in .venv-readers with an old DuckDB (`make readers`), and import nothing that is not
there. Superset runs in .venv-superset (`make superset`).
"""
