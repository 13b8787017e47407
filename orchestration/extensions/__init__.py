"""A business's own models, seeds, tests, macros, settings and inputs, in its own folder."""
