"""Closure of what a grid does not resolve."""
