"""Lab 2: a small classifier of film reviews, on generated sentences with labels that are certain."""

from course_lib.sentiment.classifier import Classifier, accuracy, logits, train
from course_lib.sentiment.corpus import Reviews, Sentences, reviews
from course_lib.sentiment.vocabulary import Examples, Vocabulary

__all__ = [
    "Classifier",
    "Examples",
    "Reviews",
    "Sentences",
    "Vocabulary",
    "accuracy",
    "logits",
    "reviews",
    "train",
]
