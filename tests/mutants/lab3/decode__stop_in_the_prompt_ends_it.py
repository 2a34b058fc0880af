# A prompt in which stop stands is not continued.
def decode(next_scores, prompts, stop, longest):
    prompts = list(prompts)
    ended = [stop in prompt for prompt in prompts]
    said = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for _ in range(longest):
        if not going:
            break
        scores = next_scores([[*prompts[i], *said[i]] for i in going])
        best = np.argmax(scores, axis=1)
        for i, token in zip(going, best, strict=True):
            if token != stop:
                said[i].append(int(token))
        going = [i for i, token in zip(going, best, strict=True) if token != stop]
    return [[] if over else words for over, words in zip(ended, said, strict=True)]
