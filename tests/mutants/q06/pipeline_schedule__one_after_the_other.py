# Sends a microbatch only when the one before has left the pipeline.
def pipeline_schedule(stage_times, microbatches):
    stages = len(stage_times)
    starts = np.zeros((stages, microbatches))
    for stage in range(stages):
        for microbatch in range(microbatches):
            arrived = starts[stage - 1, microbatch] + stage_times[stage - 1] if stage else 0.0
            free = starts[stage, microbatch - 1] + stage_times[stage] if microbatch else 0.0
            if not stage and microbatch:
                free = microbatch * sum(stage_times)
            starts[stage, microbatch] = max(arrived, free)
    span = starts[-1, -1] + stage_times[-1]
    return starts, float(1 - microbatches * sum(stage_times) / (stages * span))
