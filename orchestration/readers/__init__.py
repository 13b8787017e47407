"""Copies of the published marts for tools that do not read them: a spreadsheet, PostgreSQL.

They are readers themselves: they open marts.duckdb as any client does, run in .venv-readers with an
old DuckDB (`make readers`), and import nothing that is not there.
"""
