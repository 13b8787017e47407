"""Holdfast's one Python package: loads what a business delivers, guards it, runs dbt, publishes."""
