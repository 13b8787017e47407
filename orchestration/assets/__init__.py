"""The assets: delivered files, dbt's models, the published marts."""
