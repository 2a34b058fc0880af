# The library's model under the student's name.
from course_lib.gpt.transformer import DecoderLM
