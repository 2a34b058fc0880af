"""The views of lab 2's demo are NumPy's, and its pictures state what their numbers show."""

import itertools
import json

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.lib.stride_tricks import as_strided

from course_lib import cuda
from course_lib.demos import look, strides
from course_lib.demos.strides import figures, picture
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SETTINGS = list(itertools.product(picture.SHAPES, picture.REPEATS, (False, True), (False, True)))


@pytest.mark.parametrize("setting", SETTINGS)
def test_views_are_those_of_numpy(setting):
    shape, repeat, backwards, transposed = setting
    array = np.arange(picture.CELLS).reshape(shape)
    if repeat != picture.REPEATS[0]:
        array = np.broadcast_to(array[:1] if "row" in repeat else array[:, :1], shape)
    array = array[:, ::-1] if backwards else array
    array = array.T if transposed else array
    seen = picture.view(*setting)
    memory = np.arange(picture.CELLS)
    as_told = as_strided(memory[seen.start :], seen.shape, [8 * step for step in seen.strides])
    np.testing.assert_array_equal(as_told, array)
    assert list(seen.reads) == array.ravel().tolist()


@pytest.mark.parametrize(
    ("setting", "finding", "detail"),
    [
        (((3, 4),), "shape (3, 4), strides (4, 1), offset 0: 12 cells, each read by one thread", "next cell"),
        (
            ((3, 4), picture.REPEATS[0], False, True),
            "shape (4, 3), strides (1, 4), offset 0",
            "a cell 4 further",
        ),
        (((2, 6), picture.REPEATS[1]), "6 cells, each read by 2 threads", "reads the next cell"),
        (((2, 6), picture.REPEATS[2]), "2 cells, each read by 6 threads", "reads the same cell"),
        (((4, 3), picture.REPEATS[0], True), "strides (3, -1), offset 2", "reads the next cell, backwards"),
    ],
)
def test_title_states_the_view_and_how_neighbors_read(setting, finding, detail):
    title = said(picture.figure(picture.view(*setting)))
    assert finding in title
    assert detail in title


def test_a_cell_has_the_color_of_a_thread_that_reads_it():
    seen = picture.view((4, 3), picture.REPEATS[1], True)
    memory, grid = picture.figure(seen).data
    assert memory.z[0][0] == 2  # backwards, the third thread of a row reads cell 0
    assert memory.z[0][3] is None
    assert np.nansum(np.array(grid.z, float)) == sum(range(12))


def test_what_is_sent_to_a_page_is_json():
    for setting in SETTINGS:
        json.dumps(picture.contents(picture.view(*setting)), allow_nan=False)


def test_widget_on_screen_becomes_the_figure_of_the_new_setting(monkeypatch):
    shape, repeat, backwards, transposed, figure, _ = still_then_live(monkeypatch, strides.show)
    shape.value, repeat.value, backwards.value, transposed.value = (2, 6), picture.REPEATS[2], True, True
    expected = picture.figure(picture.view((2, 6), picture.REPEATS[2], True, True))
    assert said(figure) == said(expected)
    assert [trace.text for trace in figure.data] == [trace.text for trace in expected.data]
    assert isinstance(figure, go.FigureWidget)


@pytest.mark.needs("compiler")
def test_bytes_moved_counts_whole_sectors_and_says_how_many_times_as_many():
    source = """extern "C" __global__ void map_strided(const float* x, float* y, int step) {
        y[threadIdx.x] = x[threadIdx.x * step];
    }"""
    module = cuda.compile(source, device="host")
    x, y = np.ones(256, np.float32), np.empty(32, np.float32)
    near, far = (module.inspect("map_strided", 1, 32, (x, y, step)) for step in (1, 8))
    figure = figures.bytes_moved({"where it lies": [near], "copied first": [far, near]}, "a matrix")
    assert [bar.x[0] for bar in figure.data] == [0.25, 1.125, 0.25]
    assert "moves 5.5 times the bytes of one that reads its operand where it lies" in said(figure)
    assert unnamed_axes(figure) <= {"yaxis"}


def test_launches_are_added_up_in_the_title():
    parts = {
        "forward and backward": {"zip_strided": 20, "matmul_strided": 8},
        "SGD's update": {"zip_strided": 10},
        "Adam's update": {"zip_strided": 60, "map_strided": 5},
    }
    figure = figures.launches_of_a_step(parts)
    assert "launches 38 kernels with SGD and 93 with Adam" in said(figure)
    assert unnamed_axes(figure) <= {"yaxis"}


def test_right_answers_show_every_run_and_name_the_worst_and_the_best():
    run = {"fresh": 100.0, "held_out": 97.0, "same_words": 50.0}
    results = {
        "your kernels": [run, run | {"held_out": 96.0}],
        "no hidden layer": [run | {"held_out": 20.0}] * 2,
    }
    figure = figures.right_answers(results)
    assert "at least 96 % with a hidden layer, at most 20 % without" in said(figure)
    assert sum(len(trace.x) for trace in figure.data) == 12
    assert {trace.marker.color for trace in figure.data} == {look.BLUE, look.ORANGE, look.GREEN}
