"""The report: one page that people look at, made from the published marts."""
