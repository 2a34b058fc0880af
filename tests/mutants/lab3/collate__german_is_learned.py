# German tokens are targets, too.
def collate(pairs, ids, length):
    tokens = np.full((len(pairs), length), ids["<pad>"])
    targets = np.full((len(pairs), length), -1)
    for row, (german, english) in enumerate(pairs):
        line = ["<s>", *german, "=", *english]
        if len(line) > length:
            raise ValueError("too long")
        tokens[row, : len(line)] = [ids[token] for token in line]
        first = 0
        said = [*german, "=", *english, "</s>"]
        targets[row, first : first + len(said)] = [ids[token] for token in said]
    return tokens, targets
