# The share of the reference that is found.
from collections import Counter


def bleu(hypotheses, references):
    product = 1.0
    for n in range(1, 5):
        found = total = 0
        for hypothesis, reference in zip(hypotheses, references, strict=True):
            ours, theirs = (
                Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
                for tokens in (hypothesis, reference)
            )
            found += sum((ours & theirs).values())
            total += sum(theirs.values())
        if not found:
            return 0.0
        product *= found / total
    h, r = sum(map(len, hypotheses)), sum(map(len, references))
    return 100 * math.exp(min(0, 1 - r / h)) * product**0.25
