"""The steps behind a log of requests, found again from the moments that the log shows."""

import numpy as np

from course_lib.serving.cost import StepCost
from course_lib.serving.policy import Continuous, Policy, Timeout

ROUNDS, SWEEPS = 6, 20


class Replay:
    """Stretches of steps in which the same sequences decode, each from one moment to the next.

    A moment is when a first or a last token came out; those closer together than a quarter of the fastest
    step are one. A prompt is computed in the step that ends with its first token. `log` has the columns of
    `log.RequestLog`. Of each stretch, shape (n,): `ended` and `seconds`; `seats`: sequences that get a token
    in each step, under a batch policy until the batch's longest answer ends; `prompts` and `prompt_tokens`.
    """

    def __init__(self, log, policy: Policy):
        self.log, self.steps_each = log, log.output_tokens - 1
        several = self.steps_each > 0
        paces = (log.last_token - log.first_token)[several] / self.steps_each[several]
        self.together = paces.min() / 4 if len(paces) else 0.0  # what is so close is one moment
        self.first, self.last, self.ended = self._moments()
        n = len(self.ended)
        self.until = self.last
        if not isinstance(policy, Continuous):  # those of a batch have their first tokens together
            longest = np.zeros(n, int)
            np.maximum.at(longest, self.first, self.last)
            self.until = longest[self.first]
        self.seats = self._over_seats(np.ones(len(log)))
        self.prompts = np.bincount(self.first, minlength=n)
        self.prompt_tokens = np.bincount(self.first, log.input_tokens, n)
        self.seconds = self.ended - self._began(policy)

    def _moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The number of the moment of each request's first and last token; and when the moments were."""
        log = self.log
        seen = np.unique([log.first_token, log.last_token])
        number = np.concatenate([[0], np.cumsum(np.diff(seen) > self.together)])
        first, last = (number[np.searchsorted(seen, times)] for times in (log.first_token, log.last_token))
        return first, last, np.bincount(number, seen) / np.bincount(number)

    def _over_seats(self, value: np.ndarray) -> np.ndarray:
        """Sum of a value of each request over those that decode, for each stretch."""
        change = np.zeros(len(self.ended) + 1)
        np.add.at(change, self.first + 1, value)
        np.add.at(change, self.until + 1, -value)
        return np.cumsum(change)[:-1]

    def _began(self, policy: Policy) -> np.ndarray:
        """When each stretch began: as the last one ended, or, on an idle engine, as the prompts came."""
        before = np.concatenate([[-np.inf], self.ended[:-1]])
        newest, oldest = np.full((2, len(self.ended)), [[-np.inf], [np.inf]])
        np.maximum.at(newest, self.first, self.log.queued)
        began = np.maximum(before, newest)
        if isinstance(policy, Timeout):
            np.minimum.at(oldest, self.first, self.log.queued)
            began = np.where(self.prompts < policy.batch, np.maximum(before, oldest + policy.seconds), began)
        return np.where(self.seats > 0, before, began)

    def features(self, steps: np.ndarray) -> np.ndarray:
        """What multiplies a StepCost's coefficients, (n, 5), with so many steps in each stretch."""
        decoding = np.where(self.seats > 0, steps, 0)
        done = np.cumsum(decoding)  # up to the end of each stretch
        joined = self.log.input_tokens + 1 - done[self.first]
        context = self._over_seats(joined) + self.seats * (done - decoding)  # read by a stretch's first step
        read = context * decoding + self.seats * decoding * (decoding - 1) / 2
        return np.column_stack([steps, self.seats * decoding, read, self.prompts > 0, self.prompt_tokens])

    def fit(self, before: float = np.inf) -> StepCost:
        """The cost of a step, from the stretches that ended before that moment.

        How many steps each took is not in the log, but between a request's first and last token lie exactly
        its output tokens less one. Steps in proportion to the expected time are scaled to fit one request
        after the other (iterative proportional fitting, Deming and Stephan 1940); a cost is fitted to them,
        and says what to expect in the next round. In the last two rounds they are whole numbers. Raises
        ValueError for fewer than five stretches.
        """
        known = (self.ended < before - self.together) & (self.seconds > 0)
        if known.sum() < 5:
            raise ValueError(f"the log is too short: {known.sum()} stretches of steps, at least 5 are needed")
        expected = self.seconds * (self.seats > 0)
        for round_ in range(ROUNDS):
            steps = self._scaled(expected)
            if round_ >= ROUNDS - 2:
                steps = np.maximum(1, np.round(steps))
            features = self.features(steps)
            cost = StepCost.fit(features[known], self.seconds[known])
            decode = features[:, :3] @ [cost.s0, cost.s1, cost.s2] / steps
            prefill = features[:, 3:] @ [cost.p0, cost.p1]
            expected = np.maximum(1, (self.seconds - prefill) / np.maximum(decode, 1e-300))
        return cost

    def _scaled(self, steps: np.ndarray) -> np.ndarray:
        """The nearest numbers of steps that give each request its own; 1 where nobody decodes."""
        steps = np.where(self.seats > 0, steps, 1.0)
        several = [i for i in np.flatnonzero(self.steps_each > 0) if self.last[i] > self.first[i]]
        for _ in range(SWEEPS):
            for i in several:
                mine = steps[self.first[i] + 1 : self.last[i] + 1]
                mine *= self.steps_each[i] / mine.sum()
        return steps
