"""Lab 5: training on several processes, by data and by stages.

`partition` deals the examples out, `averaging` weights the ranks' gradients, `buckets` sends them while the
backward pass still runs; `schedules` says which microbatch a stage takes when, `simulation` what that costs.
`data_parallel`, `overlap` and `pipelines` do all of it on real processes.
"""
