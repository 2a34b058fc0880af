# Counts a gap after the last member, who waits for nobody.
def fill_wait(batch, rate):
    return batch / (2 * rate)
