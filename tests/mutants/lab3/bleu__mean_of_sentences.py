# The mean of the BLEUs of single sentences.
from collections import Counter


def _one(hypothesis, reference):
    product = 1.0
    for n in range(1, 5):
        ours, theirs = (
            Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
            for tokens in (hypothesis, reference)
        )
        found, total = sum((ours & theirs).values()), sum(ours.values())
        if not found:
            return 0.0
        product *= found / total
    return 100 * math.exp(min(0, 1 - len(reference) / len(hypothesis))) * product**0.25


def bleu(hypotheses, references):
    return float(np.mean([_one(*pair) for pair in zip(hypotheses, references, strict=True)]))
