# Every client sends its gradient to every other one.
def bytes_per_client(kind, rounds, parameters, clients):
    sent = {"federated": 1, "data_parallel": clients - 1}
    if kind not in sent:
        raise ValueError("unknown kind")
    return rounds * 2 * sent[kind] * 4 * parameters
