"""A call that makes sense of every public function of the calculators, the simulator, the caches and offload.

CALLS: name -> (function, arguments by name). Tests replace one argument at a time by nonsense. Left out is
what only the engines and caches call, for every step, request or token.
"""

import numpy as np
import torch

from course_lib import kv_cache, shapes
from course_lib.costs import blocks, collectives, layouts, memory, roofline
from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Layout
from course_lib.costs.roofline import Device, Work
from course_lib.hardware import gpu, link
from course_lib.kv_cache import budget, decoder, paged, quantized, sentences
from course_lib.offload import (
    conversation,
    layers,
    measure,
    overlap,
    pipeline,
    placement,
    recall,
    remedies,
    sharing,
)
from course_lib.offload import link as transfer
from course_lib.offload import memory as chat
from course_lib.offload import quantized as codes
from course_lib.serving import (
    Continuous,
    Greedy,
    Memory,
    Static,
    StepCost,
    Timeout,
    Trace,
    bulk,
    cost,
    log,
    simulate,
    theory,
    trace,
)
from course_lib.serving.scheduling import cluster as clusters
from course_lib.serving.scheduling import engine as cluster_engine
from course_lib.serving.scheduling import (
    optimal,
    planner,
    regret,
    reserve_or_grow,
    schedulers,
    unknown_length,
)
from course_lib.shapes import shape

GPT2, CARD = shape("gpt2"), gpu("A100 40GB")
DEVICE, NETWORK = Device(1e12, 1e11, 1e10), Network(1e-6, 1e9)
SMALL = kv_cache.decoder_shape(1, 8, 2, vocabulary=11)
TINY = kv_cache.Decoder(SMALL, context=64)
COST, TRACE = StepCost(0.01), Trace.poisson(1.0, 20, (5, 3))
RESULT = simulate(TRACE, Continuous(2), COST)
FOUND = layouts.Cluster(DEVICE, 8, 4, NETWORK, NETWORK)
SPOT = clusters.ClusterGPU("g", "n", 20.0)
PLACES = clusters.Cluster((SPOT,), 10.0, 1.0)
SERVER = chat.Server(GPT2, DEVICE, 1e9, 1e8)
CASE = remedies.Case(1000, 1e5, 12, 1e9, 1e11, NETWORK)
REAL_STEP = layers.OffloadedStep(layers.Size(2, 8, 2, 4, 2), transfer.PacedCopy(), 4)
REMEDY = remedies.Remedy("prefetch", 1, {"buffers": 2}, "a buffer")


def view():
    row = {"id": 0, "kind": "", "input": 5, "generated": 0, "arrived": 0.0, "output": 3}
    place = {"gpus": ["g"], "room": 10, "free": 10, "waiting": [], "step": 1.0}
    return {"time": 0.0, "queue": [row], "places": {"g": place}, "running": [], "finished": []}


CALLS = {
    # shapes
    "Shape": (
        shapes.Shape,
        {
            "name": "s",
            "layers": 2,
            "width": 8,
            "heads": 2,
            "kv_heads": 1,
            "head_dim": 4,
            "feed_forward": 16,
            "vocabulary": 10,
            "positions": 0,
            "gated": True,
            "biases": False,
            "tied": True,
            "source": "s",
            "encoder_layers": 0,
            "window": 4,
            "windowed_layers": 1,
            "latent": 2,
            "rope_dim": 2,
            "query_latent": 2,
            "value_dim": 4,
            "experts": 4,
            "experts_per_token": 2,
            "shared_experts": 1,
            "expert_width": 4,
            "dense_layers": 1,
        },
    ),
    "attention_parameters": (shapes.attention_parameters, {"shape": GPT2}),
    "feed_forward_parameters": (shapes.feed_forward_parameters, {"shape": GPT2}),
    "expert_parameters": (shapes.expert_parameters, {"shape": shape("mixtral-8x7b"), "used": 2}),
    "parameters": (shapes.parameters, {"shape": GPT2}),
    "active_parameters": (shapes.active_parameters, {"shape": GPT2}),
    "dense_parts": (shapes.dense_parts, {"shape": GPT2}),
    "expert_parts": (shapes.expert_parts, {"shape": GPT2}),
    "matrix_parameters": (shapes.matrix_parameters, {"shape": shape("mixtral-8x7b"), "used": 2}),
    "attention_flops": (shapes.attention_flops, {"shape": GPT2}),
    "seen_by_layers": (shapes.seen_by_layers, {"shape": GPT2, "context": 5}),
    "forward_flops_per_token": (shapes.forward_flops_per_token, {"shape": GPT2, "context": 5}),
    "training_flops": (shapes.training_flops, {"parameters": 1e9, "tokens": 1e9}),
    "kv_bytes_per_token": (shapes.kv_bytes_per_token, {"shape": GPT2, "bytes_per_number": 2}),
    "kv_bytes": (shapes.kv_bytes, {"shape": GPT2, "tokens": 7, "bytes_per_number": 2}),
    "tokens_that_fit": (shapes.tokens_that_fit, {"room_bytes": 1e9, "shape": GPT2, "bytes_per_number": 2}),
    "block_matrix_products": (shapes.block_matrix_products, {"heads": 4}),
    "mlp_parameters": (shapes.mlp_parameters, {"widths": [4, 3, 2]}),
    "convolution_parameters": (shapes.convolution_parameters, {"inputs": 1, "outputs": 2, "kernel": 3}),
    "shape": (shape, {"name": "gpt2"}),
    # costs
    "Network": (Network, {"latency": 1e-6, "bandwidth": 1e9}),
    "Network.of": (Network.of, {"link": link("PCIe 4.0 x16")}),
    "collectives.steps": (collectives.steps, {"kind": "all_reduce", "ranks": 4}),
    "collectives.bytes_sent": (collectives.bytes_sent, {"kind": "all_reduce", "nbytes": 100, "ranks": 4}),
    "collectives.seconds": (
        collectives.seconds,
        {"kind": "all_reduce", "nbytes": 100, "ranks": 4, "network": NETWORK},
    ),
    "Layout": (Layout, {"replicas": 1, "tensor": 2, "pipeline": 2}),
    "layouts.Cluster": (
        layouts.Cluster,
        {"device": DEVICE, "gpus": 8, "gpus_per_node": 4, "inside": NETWORK, "between": NETWORK},
    ),
    "layouts.Cluster.network": (FOUND.network, {"neighbors": 2}),
    "layouts.possible": (layouts.possible, {"shape": GPT2, "gpus": 8}),
    "layouts.check": (layouts.check, {"shape": GPT2, "layout": Layout(), "cluster": FOUND}),
    "layouts.largest_stage": (layouts.largest_stage, {"shape": GPT2, "layout": Layout()}),
    "layouts.stage_seconds": (
        layouts.stage_seconds,
        {"shape": GPT2, "layout": Layout(), "cluster": FOUND, "work": Work(1e9, 1e6), "tokens": 4},
    ),
    "layouts.token_seconds": (
        layouts.token_seconds,
        {"shape": GPT2, "layout": Layout(), "cluster": FOUND, "context": 9},
    ),
    "layouts.users_that_fit": (
        layouts.users_that_fit,
        {"shape": GPT2, "layout": Layout(), "cluster": FOUND, "tokens": 9},
    ),
    "layouts.largest_weights": (layouts.largest_weights, {"layout": Layout(), "cluster": FOUND}),
    "layouts.requests_per_second": (
        layouts.requests_per_second,
        {"shape": GPT2, "layout": Layout(), "cluster": FOUND, "prompt": 5, "answer": 5, "users": 3},
    ),
    "layouts.pipeline_seconds": (
        layouts.pipeline_seconds,
        {"stage_times": [1.0, 2.0], "groups": 2, "rounds": 2},
    ),
    "layouts.pipeline_idle": (layouts.pipeline_idle, {"stage_times": [1.0, 2.0], "groups": 2, "rounds": 2}),
    "layouts.interleaved_idle": (layouts.interleaved_idle, {"stages": 2, "groups": 4, "chunks": 2}),
    "training_states": (
        memory.training_states,
        {"parameters": 1e9, "stage": 1, "ranks": 4, "optimizer": 12, "number": 2},
    ),
    "activation_estimate": (
        memory.activation_estimate,
        {"shape": GPT2, "batch": 2, "length": 8, "number": 2},
    ),
    "layer_activations": (
        memory.layer_activations,
        {"shape": GPT2, "batch": 2, "length": 8, "number": 2, "mask": 1},
    ),
    "block_flops": (blocks.block_flops, {"shape": GPT2, "length": 8, "causal": True}),
    "flops_crossover": (blocks.flops_crossover, {"shape": GPT2, "causal": True}),
    "memory_crossover": (
        blocks.memory_crossover,
        {"shape": GPT2, "number": 2, "mask": 1},
    ),
    "head_activations": (
        memory.head_activations,
        {"shape": GPT2, "batch": 2, "length": 8, "number": 2},
    ),
    "activations": (memory.activations, {"shape": GPT2, "batch": 2, "length": 8}),
    "weight_bytes": (memory.weight_bytes, {"shape": GPT2, "number": 2}),
    "serving_bytes": (memory.serving_bytes, {"shape": GPT2, "tokens": 5, "number": 2, "kv_number": 2}),
    "quantized_number": (
        memory.quantized_number,
        {"bits": 4, "group": 128, "scale_bits": 16, "zero_bits": 4},
    ),
    "Work": (Work, {"flops": 1.0, "nbytes": 1.0}),
    "Device": (Device, {"rate": 1e12, "bandwidth": 1e11, "memory_bytes": 1e10}),
    "Device.of": (Device.of, {"gpu": CARD, "precision": "fp16"}),
    "Device.seconds": (DEVICE.seconds, {"work": Work(1e9, 1e6)}),
    "Device.limit": (DEVICE.limit, {"work": Work(1e9, 1e6)}),
    "decode_work": (
        roofline.decode_work,
        {"shape": GPT2, "contexts": [5, 6], "weight_bytes": 2, "kv_bytes": 2},
    ),
    "prefill_work": (
        roofline.prefill_work,
        {"shape": GPT2, "lengths": [5, 6], "weight_bytes": 2, "kv_bytes": 2},
    ),
    "experts_read": (roofline.experts_read, {"shape": GPT2, "tokens": 5}),
    "attended_pairs": (roofline.attended_pairs, {"length": 9, "window": 4}),
    "attended_pairs, stride": (roofline.attended_pairs, {"length": 9, "stride": 4}),
    "attention_traffic": (roofline.attention_traffic, {"length": 9, "head_dim": 4}),
    "flash_attention_traffic": (
        roofline.flash_attention_traffic,
        {"length": 9, "head_dim": 4, "on_chip": 64},
    ),
    # serving
    "erlang_b": (theory.erlang_b, {"servers": 2, "offered": 1.0}),
    "erlang_c": (theory.erlang_c, {"servers": 2, "offered": 1.0}),
    "mmc_wait": (theory.mmc_wait, {"rate": 0.5, "service": 1.0, "servers": 2}),
    "mg1_wait": (theory.mg1_wait, {"rate": 0.5, "service": 1.0, "cv": 1.0}),
    "processor_sharing_latency": (theory.processor_sharing_latency, {"rate": 0.5, "service": 1.0}),
    "repairman_throughput": (
        theory.repairman_throughput,
        {"users": 3, "think_time": 1.0, "service": 1.0, "servers": 2},
    ),
    "fill_wait": (theory.fill_wait, {"batch": 4, "rate": 1.0}),
    "fill_wait_closed": (theory.fill_wait_closed, {"users": 9, "batch": 4, "think_time": 1.0}),
    "timeout_wait": (theory.timeout_wait, {"batch": 4, "seconds": 1.0, "rate": 1.0}),
    "greedy_batch_wait": (bulk.greedy_batch_wait, {"rate": 1.0, "batch": 4, "service": lambda k: 1.0}),
    "static_batch_wait": (bulk.static_batch_wait, {"rate": 1.0, "batch": 4, "service": 1.0}),
    "greedy_exponential_wait": (bulk.greedy_exponential_wait, {"rate": 1.0, "batch": 4, "service": 1.0}),
    "static_exponential_wait": (bulk.static_exponential_wait, {"rate": 1.0, "batch": 4, "service": 1.0}),
    "StepCost": (StepCost, {"s0": 1.0, "s1": 0.1, "s2": 0.1, "p0": 0.1, "p1": 0.1}),
    "StepCost.from_datasheet": (
        StepCost.from_datasheet,
        {"shape": GPT2, "gpu": CARD, "number": 2, "precision": "fp16"},
    ),
    "StepCost.fit": (StepCost.fit, {"features": np.eye(5) + 1, "seconds": np.ones(5)}),
    "StepCost.seconds": (COST.seconds, {"decoding": 1, "kv_tokens": 5, "prefill_tokens": 3}),
    "whole_ticks": (cost.whole_ticks, {"seconds": 1.0}),
    "Memory": (
        Memory,
        {
            "room": 1e9,
            "bytes_per_token": 2.0,
            "block": 4,
            "reserve": 5,
            "window": 8,
            "bits": 8,
            "swap_rate": 1e9,
        },
    ),
    "Greedy": (Greedy, {"batch": 4}),
    "Static": (Static, {"batch": 4}),
    "Timeout": (Timeout, {"batch": 4, "seconds": 1.0}),
    "Continuous": (Continuous, {"max_sequences": 4, "chunk": 5, "preempt": "swap"}),
    "Trace": (Trace, {"arrival": [0.0, 1.0], "input_tokens": [1, 2], "output_tokens": [3, 4]}),
    "Trace, closed": (
        Trace,
        {"arrival": [0.0, 1.0], "input_tokens": [1, 2], "output_tokens": [3, 4], "after": [-1, 0]},
    ),
    "Trace.poisson": (Trace.poisson, {"rate": 1.0, "n": 5, "lengths": (2, 3), "seed": 1}),
    "Trace.gamma": (Trace.gamma, {"rate": 1.0, "cv": 1.0, "n": 5, "lengths": (2, 3), "seed": 1}),
    "Trace.offline": (Trace.offline, {"n": 5, "lengths": (2, 3), "seed": 1}),
    "Trace.closed": (
        Trace.closed,
        {"users": 2, "think_time": 1.0, "rounds": 2, "lengths": (2, 3), "seed": 1},
    ),
    "Trace.like_azure": (Trace.like_azure, {"kind": "conv", "seed": 1, "n": 5}),
    "Trace.from_csv": (
        Trace.from_csv,
        {"source": b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,3,4\n"},
    ),
    "fixed": (trace.fixed, {"input_tokens": 2, "output_tokens": 3}),
    "geometric": (trace.geometric, {"input_mean": 2.0, "output_mean": 3.0}),
    "lognormal": (trace.lognormal, {"input_mean": 2.0, "output_mean": 3.0, "cv": 1.0}),
    "simulate": (simulate, {"trace": TRACE, "policy": Continuous(2), "cost": COST, "memory": Memory()}),
    "Result.percentile": (RESULT.percentile, {"what": "ttft", "q": 50}),
    "RequestLog": (
        log.RequestLog,
        {
            "queued": [0.0, 1.0],
            "first_token": [1.0, 2.0],
            "last_token": [2.0, 3.0],
            "input_tokens": [1, 2],
            "output_tokens": [2, 2],
        },
    ),
    "RequestLog.of": (log.RequestLog.of, {"result": RESULT}),
    "RequestLog.read": (
        log.RequestLog.read,
        {"source": b"queued,first_token,last_token,input_tokens,output_tokens\n0,1,2,3,4\n"},
    ),
    "fit": (
        log.fit,
        {
            "log": log.RequestLog.of(RESULT),
            "policy": Continuous(2),
            "hold_out": 4,
            "memory": Memory(),
            "known": 15,
        },
    ),
    "simulate_cluster": (
        cluster_engine.simulate_cluster,
        {
            "trace": TRACE,
            "scheduler": schedulers.spill,
            "cluster": PLACES,
            "cost": COST,
            "kinds": ["a"] * 20,
            "limit": 9.0,
        },
    ),
    "ClusterGPU": (clusters.ClusterGPU, {"name": "g", "node": "n", "memory_bytes": 20.0, "speed": 1.0}),
    "clusters.Cluster": (
        clusters.Cluster,
        {"gpus": (SPOT,), "weight_bytes": 10.0, "token_bytes": 1.0, "joined": (), "pair": "replicas"},
    ),
    "clusters.Cluster.tokens": (PLACES.tokens, {"room_bytes": 5.0}),
    "seconds_to_move": (clusters.case_cluster().seconds_to_move, {"tokens": 5, "inside": True}),
    "case_cluster": (clusters.case_cluster, {"pair": "replicas"}),
    "Job": (optimal.Job, {"arrival": 0, "duration": 2, "tokens": 3, "weight": 1}),
    "jobs_of": (optimal.jobs_of, {"trace": Trace([0], [5], [64]), "cost": StepCost(1 / 64), "unit": 1.0}),
    "optimum": (
        optimal.optimum,
        {"jobs": [optimal.Job(0, 1, 1)], "cluster": PLACES, "objective": "makespan"},
    ),
    "Planner": (planner.Planner, {"makespan": 0.5, "tries": 5, "ahead": 3, "seed": 1}),
    "PowerOfTwo": (schedulers.PowerOfTwo, {"load": "work", "seed": 1}),
    "homes": (schedulers.homes, {"view": view(), "tokens": 5}),
    "QuantileReservation": (unknown_length.QuantileReservation, {"quantile": 0.5, "first": 10, "window": 5}),
    "GrowAndPreempt": (unknown_length.GrowAndPreempt, {"block": 4}),
    "Feedback": (unknown_length.Feedback, {"turns": (2, 4)}),
    "Reserving": (reserve_or_grow.Reserving, {"reserve": max, "share": 50}),
    "Growing": (reserve_or_grow.Growing, {"grow": max, "block": 4}),
    "instance": (regret.instance, {"seed": 1, "n": 5, "load": 1.0}),
    "share_won": (regret.share_won, {"baseline": 3.0, "yours": 2.0, "best": 1.0}),
    # kv_cache
    "Budget": (budget.Budget, {"nbytes": 100}),
    "Budget.take": (lambda name, nbytes: budget.Budget(100).take(name, nbytes), {"name": "a", "nbytes": 5}),
    "Budget.give": (lambda name, nbytes: budget.Budget(100).give(name, nbytes), {"name": "a", "nbytes": 0}),
    "ContiguousCache": (kv_cache.ContiguousCache, {"shape": SMALL, "capacity": 8}),
    "QuantizedCache": (kv_cache.QuantizedCache, {"shape": SMALL, "capacity": 8, "bits": 8}),
    "WindowedCache": (kv_cache.WindowedCache, {"shape": SMALL, "window": 4, "sinks": 1}),
    "PagePool": (kv_cache.PagePool, {"shape": SMALL, "pages": 4, "page": 2}),
    "PagePool.take": (lambda count: paged.PagePool(SMALL, 4, 2).take(count), {"count": 2}),
    "PagedCache": (kv_cache.PagedCache, {"pool": kv_cache.PagePool(SMALL, 4, 2)}),
    "OffloadedCache": (
        kv_cache.OffloadedCache,
        {"pool": kv_cache.PagePool(SMALL, 4, 2), "host": kv_cache.PagePool(SMALL, 4, 2), "hot": 2},
    ),
    "int8_weights": (kv_cache.int8_weights, {"decoder": kv_cache.Decoder(SMALL, context=8)}),
    "ShuffledPages": (
        kv_cache.ShuffledPages,
        {"lengths": [3, 0], "page": 2, "kv_heads": 1, "d": 4, "random": np.random.default_rng(0)},
    ),
    "decoder_shape": (
        kv_cache.decoder_shape,
        {"layers": 1, "width": 8, "heads": 2, "kv_heads": 1, "feed_forward": 8, "vocabulary": 5},
    ),
    "Decoder": (kv_cache.Decoder, {"shape": SMALL, "seed": 0, "context": 16}),
    "sinusoids": (decoder.sinusoids, {"positions": 4, "width": 8}),
    "prefill": (
        lambda tokens, chunk: kv_cache.prefill(TINY, tokens, kv_cache.ContiguousCache(SMALL, 32), chunk),
        {"tokens": [1, 2, 3], "chunk": 2},
    ),
    "decode_step": (
        lambda token: kv_cache.decode_step(TINY, token, kv_cache.ContiguousCache(SMALL, 32)),
        {"token": 3},
    ),
    "step_from_hidden_states": (
        lambda tokens: kv_cache.step_from_hidden_states(TINY, tokens),
        {"tokens": [1, 2]},
    ),
    "step": (
        lambda tokens: kv_cache.step(TINY, tokens, [kv_cache.ContiguousCache(SMALL, 32)]),
        {"tokens": [[1, 2]]},
    ),
    "generate": (
        lambda prompt, n, temperature, seed: kv_cache.generate(
            TINY, prompt, n, temperature=temperature, seed=seed
        ),
        {"prompt": [1, 2], "n": 2, "temperature": 0.5, "seed": 1},
    ),
    "encode": (quantized.encode, {"x": torch.ones(2, 4), "bits": 4}),
    "tokens_of": (sentences.tokens_of, {"text": "the quick fox"}),
    "text_of": (sentences.text_of, {"tokens": [0, 1]}),
    # offload
    "transfer_seconds": (transfer.transfer_seconds, {"nbytes": 100.0, "link": NETWORK, "block_bytes": 10.0}),
    "PacedCopy": (transfer.PacedCopy, {"rate": 1e9}),
    "schedule": (pipeline.schedule, {"transfers": [1.0, 2.0], "computes": [1.0, 1.0], "buffers": 2}),
    "saved_share": (pipeline.saved_share, {"serial": 3.0, "measured": 2.0, "bound": 1.0}),
    "keep_hot": (placement.keep_hot, {"tokens": [3, 4], "reads": [0.5, 0.5], "room": 5}),
    "copied_tokens": (placement.copied_tokens, {"tokens": [3, 4], "reads": [0.5, 0.5], "kept": [1, 2]}),
    "quantize": (codes.quantize, {"kv": torch.ones(2, 4), "bits": 4}),
    "Size": (layers.Size, {"layers": 2, "tokens": 8, "heads": 2, "head_dim": 4, "queries": 2}),
    "OffloadedStep": (
        lambda cold, bits: layers.OffloadedStep(layers.Size(2, 8, 2, 4, 2), transfer.PacedCopy(), cold, bits),
        {"cold": 4, "bits": 8},
    ),
    "overlap.run": (
        lambda layers, buffers: overlap.run(layers, lambda *a: None, lambda *a: None, buffers),
        {"layers": 2, "buffers": 2},
    ),
    "Step": (chat.Step, {"cached": 2, "new": 1, "outside": 1}),
    "Turn": (chat.Turn, {"context": 5, "held": 2, "outside": 1, "forgotten": 0}),
    "plan": (chat.plan, {"policy": "offload", "room": 20, "turns": 2, "prompt": 3, "answer": 2}),
    "chat.Server": (
        chat.Server,
        {
            "shape": GPT2,
            "device": DEVICE,
            "link_rate": 1e9,
            "weight_bytes": 1e8,
            "reserve": 0.0,
            "kv_number": 2,
        },
    ),
    "chat.Server.of": (
        chat.Server.of,
        {"shape": GPT2, "gpu": CARD, "link": link("PCIe 4.0 x16"), "weight_bytes": 1e8},
    ),
    "chat.Server.seconds": (SERVER.seconds, {"step": chat.Step(5, 1, 2)}),
    "delays": (chat.delays, {"server": SERVER, "turn": chat.Turn(5, (chat.Step(2, 1),))}),
    "Case": (
        remedies.Case,
        {
            "tokens": 100,
            "kv_bytes": 1e5,
            "layers": 4,
            "weight_bytes": 1e9,
            "memory_bandwidth": 1e11,
            "link": NETWORK,
            "room": 1e6,
            "buffers": 2,
        },
    ),
    "case_on": (
        remedies.case_on,
        {"card": CARD, "link": link("PCIe 4.0 x16"), "model": GPT2, "weight_bytes": 1e9, "tokens": 100},
    ),
    "Remedy": (remedies.Remedy, {"name": "r", "price": 1.0, "change": {"buffers": 2}, "loses": "x"}),
    "recompute_link": (remedies.recompute_link, {"shape": GPT2, "gpu": CARD}),
    "remedies": (
        remedies.remedies,
        {"case": CASE, "shape": GPT2, "gpu": CARD, "room": 1e6, "users": 2, "window": 64},
    ),
    "cheapest_fix": (remedies.cheapest_fix, {"budget": 9.0, "case": CASE, "choices": [REMEDY]}),
    "take_turns": (
        lambda room, order, tokens, block: sharing.take_turns(
            lambda held, busy, missing: list(range(missing)), room, order, tokens, block
        ),
        {"room": 64, "order": [0, 1, 0], "tokens": 16, "block": 16},
    ),
    "turn": (
        lambda prompt, answer: conversation.Conversation("window", TINY, 10**6, 32).turn(prompt, answer),
        {"prompt": [1, 2], "answer": 2},
    ),
    "repeat": (measure.repeat, {"step": REAL_STEP, "times": 1, "buffers": 2}),
    "pace": (measure.pace, {"step": REAL_STEP, "ratio": 1.0, "times": 1}),
    "scripted": (recall.scripted, {"count": 2, "seed": 1}),
    "beside_one_layer": (conversation.beside_one_layer, {"room": 64, "longest": 100, "layers": 4}),
    "conversation.room": (conversation.room, {"decoder": TINY, "budget_bytes": 10**6}),
    "Conversation": (
        lambda policy, budget_bytes, longest: conversation.Conversation(policy, TINY, budget_bytes, longest),
        {"policy": "window", "budget_bytes": 10**6, "longest": 32},
    ),
    "recall.words": (recall.words, {"tokens": [0, 1]}),
    "chats": (recall.chats, {"count": 2, "length": 8, "random": torch.Generator()}),
}
