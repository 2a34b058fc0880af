"""What a cell of a notebook calls: marking, effects and predictions, progress, the machine."""
