# Goes on behind stop, up to the longest.
def decode(next_scores, prompts, stop, longest):
    prompts = list(prompts)
    said = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for _ in range(longest):
        if not going:
            break
        scores = next_scores([[*prompts[i], *said[i]] for i in going])
        best = np.argmax(scores, axis=1)
        for i, token in zip(going, best, strict=True):
            if True:
                said[i].append(int(token))
        going = going
    return said
