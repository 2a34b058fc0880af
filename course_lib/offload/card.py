"""The case of questions 9 and 10: one 16 GB card, a 7B model in FP16, and the link to host memory."""

from course_lib.hardware import GB, gpu, link
from course_lib.shapes import shape

CARD = gpu("RTX 4080 16GB")
LINK = link(CARD.host_link)
MODEL = shape("llama2-7b")
# Seven billion parameters of 2 bytes, as the question counts them; the model's own 6.74 billion take 13.5 GB.
WEIGHT_BYTES = 14 * GB
