# Takes every other word for data_parallel.
def bytes_per_client(kind, rounds, parameters, clients):
    sent = {"federated": 1, "data_parallel": 2 * (clients - 1) / clients}
    return rounds * 2 * sent["federated" if kind == "federated" else "data_parallel"] * 4 * parameters
