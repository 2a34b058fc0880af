"""What a shape costs on given hardware: work and time (roofline), memory, collectives, and layouts.

Everything here is a closed formula on numbers from `shapes` and `hardware`; nothing is measured. Rates are
peaks unless the caller gives measured ones, so times are lower bounds.
"""
