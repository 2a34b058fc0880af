"""Tests of everything. A regular package: others install one called tests, which would stand in for this."""
