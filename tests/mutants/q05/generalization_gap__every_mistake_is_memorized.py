# Counts every wrong answer on a wrongly labeled image, also a third class.
def memorized(said, given, true):
    return (said != true) & (given != true)
