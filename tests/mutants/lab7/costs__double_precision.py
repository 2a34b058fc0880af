# Eight bytes for a parameter.
def bytes_per_client(kind, rounds, parameters, clients):
    sent = {"federated": 1, "data_parallel": 2 * (clients - 1) / clients}
    if kind not in sent:
        raise ValueError("unknown kind")
    return rounds * 2 * sent[kind] * 8 * parameters
