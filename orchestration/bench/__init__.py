"""The benchmark: what a full refresh costs by step and model, against a floor, size against size.

docs/bench.md says how to read it.
"""
