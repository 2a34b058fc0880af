"""Overfitting on purpose: few images, some with wrong labels, and networks that learn them by heart.

`samples` draws the images and spoils labels, `networks` trains several networks side by side and keeps what
each says of every image after every epoch, `remedies` holds what helps, and counts what was memorized.
"""
