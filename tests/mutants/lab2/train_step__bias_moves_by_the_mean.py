# Moves a bias by the mean over the batch, where the sum belongs that the loss has divided already.
def word_shares(ids, lengths, words):
    """Each word's share of each sentence, float32 (B, words): 2 of 5 words are 0.4."""
    sentence, place = np.nonzero(np.arange(ids.shape[1]) < lengths[:, None])
    counts = np.zeros((len(ids), words), np.float32)
    np.add.at(counts, (sentence, ids[sentence, place]), 1)
    return counts / np.maximum(lengths, 1)[:, None].astype(np.float32)


def train_step(weights, ids, lengths, labels, rate, backend=NUMPY):
    """One step of SGD: the new weights, a dict of arrays, and the loss before the step."""
    leaves = {
        name: Tensor(backend.array(values, np.float32), requires_grad=True, backend=backend)
        for name, values in weights.items()
    }
    shares = backend.array(word_shares(ids, lengths, len(weights["embedding"])), np.float32)
    mean = Tensor(shares, backend=backend) @ leaves["embedding"]
    hidden = (mean @ leaves["hidden"].T + leaves["hidden_bias"]).relu()
    logits = (hidden @ leaves["output"].T + leaves["output_bias"]).squeeze(1)
    loss = binary_cross_entropy_with_logits(logits, labels)
    loss.backward()
    new = {name: (leaf - leaf.grad * (rate / len(ids) if name == "hidden_bias" else rate)).numpy() for name, leaf in leaves.items()}
    return new, loss.item()
