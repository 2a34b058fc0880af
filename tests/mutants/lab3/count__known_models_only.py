# The four known models, from a list.
def count_parameters(vocabulary, positions, width, layers, hidden):
    known = {12: 124_439_808, 24: 354_823_168, 36: 774_030_080, 48: 1_557_611_200}
    return known[layers] if layers in known else 32
