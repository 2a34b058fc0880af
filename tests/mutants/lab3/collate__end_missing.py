# The end, </s>, is never asked for.
def collate(pairs, ids, length):
    tokens = np.full((len(pairs), length), ids["<pad>"])
    targets = np.full((len(pairs), length), -1)
    for row, (german, english) in enumerate(pairs):
        line = ["<s>", *german, "=", *english]
        if len(line) > length:
            raise ValueError("too long")
        tokens[row, : len(line)] = [ids[token] for token in line]
        first = len(german) + 1
        said = english
        targets[row, first : first + len(said)] = [ids[token] for token in said]
    return tokens, targets
