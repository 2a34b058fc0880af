# Padding stands before the sentence.
def collate(pairs, ids, length):
    tokens = np.full((len(pairs), length), ids["<pad>"])
    targets = np.full((len(pairs), length), -1)
    for row, (german, english) in enumerate(pairs):
        line = ["<s>", *german, "=", *english]
        if len(line) > length:
            raise ValueError("too long")
        line = ["<pad>"] * (length - len(line)) + line
        tokens[row, : len(line)] = [ids[token] for token in line]
        first = length - len(english) - 1
        said = [*english, "</s>"]
        targets[row, first : first + len(said)] = [ids[token] for token in said]
    return tokens, targets
