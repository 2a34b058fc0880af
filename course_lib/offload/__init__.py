"""A cache that outgrows the card: what fits and what to drop (memory), and what a transfer costs (the rest).

Questions 9 and 10 are about one card, one model and one link, which stand in `card`.
"""
