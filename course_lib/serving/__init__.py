"""A serving simulator: a trace of requests, a policy, what a step costs, and memory; out come latencies."""

from course_lib.serving.cost import StepCost
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous, Greedy, Static, Timeout
from course_lib.serving.result import Result
from course_lib.serving.simulate import simulate
from course_lib.serving.trace import Trace

__all__ = ["Continuous", "Greedy", "Memory", "Result", "Static", "StepCost", "Timeout", "Trace", "simulate"]
