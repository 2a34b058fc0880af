# Takes the wait of the first member for everybody's.
def fill_wait(batch, rate):
    return (batch - 1) / rate
