"""Processes that compute together, joined by torch.distributed: started, given orders, paced, counted."""
