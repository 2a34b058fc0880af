"""Requests on a cluster: places, schedulers, exact optima, and what students' schedulers are worth."""
