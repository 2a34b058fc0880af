# Hands in the library's own stage.
from course_lib.distributed.stages import PipelineStage  # noqa: F401
