"""Parallel inference: schedules step by step, shards, and layouts run by real processes.

`pipeline`, `shards` and `choice` compute; `inference` has ranks run a small transformer in any layout, and
`prediction` says what `costs` expects of it.
"""
