"""Lab 7: federated averaging. Clients keep their data, train alone for a while, and a server averages models.

`network` is the network and its gradient, `splits` says who holds which examples, `averaging` does one round,
`rounds` trains, `data_parallel` trains the same network with an average after every step, `traffic` counts
steps, rounds and bytes, `line` looks at the loss between two models, `revealed` at what an update tells of
the data behind it. After McMahan et al. 2017 (arXiv:1602.05629).
"""
