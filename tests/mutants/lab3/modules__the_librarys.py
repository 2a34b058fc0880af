# The library's classes under the student's names.
from course_lib.autodiff.modules import Dropout, Embedding, LayerNorm, Linear

LayerNorm1d = LayerNorm
