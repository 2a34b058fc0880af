"""What a client's update tells of the data it never sent."""

import numpy as np

from course_lib.federated.network import Weights


def classes_that_rose(before: Weights, after: Weights) -> np.ndarray:
    """The classes whose output bias rose in an update: those that the client has, of a client with few.

    The slope of an output's bias is the mean of softmax - one-hot, below 0 only where the class is seen more
    often than the model expects. Zhao et al. 2020 (arXiv:2001.02610).
    """
    return np.flatnonzero(after[-1] > before[-1])


def image_behind(before: Weights, after: Weights) -> np.ndarray:
    """The input (in,) from the update of one step on one example, up to rounding.

    A unit's slopes are error · x for its weights and error for its bias, so that their quotient is x. The
    unit with the largest slope is taken. Phong et al. 2018 (doi:10.1109/TIFS.2017.2787987). Raises ValueError
    where no bias of the first layer changed.
    """
    moved = after[1].astype(float) - before[1]
    unit = int(np.argmax(np.abs(moved)))
    if moved[unit] == 0:
        raise ValueError("no bias of the first layer changed: the update holds no input")
    return (after[0][unit].astype(float) - before[0][unit]) / moved[unit]
