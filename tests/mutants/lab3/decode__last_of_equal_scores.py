# The last of equal scores is taken.
def decode(next_scores, prompts, stop, longest):
    prompts = list(prompts)
    said = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for _ in range(longest):
        if not going:
            break
        scores = next_scores([[*prompts[i], *said[i]] for i in going])
        best = np.shape(scores)[1] - 1 - np.argmax(scores[:, ::-1], axis=1)
        for i, token in zip(going, best, strict=True):
            if token != stop:
                said[i].append(int(token))
        going = [i for i, token in zip(going, best, strict=True) if token != stop]
    return said
