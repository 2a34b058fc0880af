# Forgets that a ring passes on less than the whole.
def bytes_per_client(kind, rounds, parameters, clients):
    sent = {"federated": 1, "data_parallel": 2}
    if kind not in sent:
        raise ValueError("unknown kind")
    return rounds * 2 * sent[kind] * 4 * parameters
