"""The pictures of lab 5 draw the numbers they are given, and their titles state what these show."""

import numpy as np

from course_lib.demos import look
from course_lib.demos.pipeline_schedule import measured
from course_lib.distributed.schedules import schedule
from course_lib.distributed.simulation import simulate
from tests.course_lib.demos.conventions import said, unnamed_axes

F, B = [1.0] * 4, [2.0] * 4
DRAWN = {
    kind: (schedule(4, 8, kind), *simulate(schedule(4, 8, kind), F, B, 0.0)[:3]) for kind in measured.NAMES
}


def bars(trace):
    """(start, end, middle) of the bars that one filled trace draws."""
    x, y = (np.array(values, dtype=float).reshape(-1, 6) for values in (trace.x, trace.y))
    return sorted(
        zip(*(part.tolist() for part in (x[:, 0], x[:, 1], y[:, :4].mean(axis=1).round(6))), strict=True)
    )


def test_schedules_draw_each_operation_from_its_start_to_its_end_on_the_row_of_its_stage():
    figure = measured.schedules(DRAWN, F, B)
    filled = [trace for trace in figure.data if trace.fill == "toself"]
    for place, (orders, starts, *_) in enumerate(DRAWN.values()):
        for trace, name, seconds in zip(filled[2 * place :], "FB", (F, B), strict=False):
            expected = [
                (start, start + seconds[stage], stage)
                for stage, (order, begun) in enumerate(zip(orders, starts, strict=True))
                for (which, _), start in zip(order, begun, strict=True)
                if which == name
            ]
            assert bars(trace) == sorted(expected)
    assert "8 in GPipe and 4 in 1F1B" in said(figure)
    titles = [note.text for note in figure.layout.annotations]
    assert "GPipe: 27% of the time is idle" in titles
    assert titles.count("keeps 8") == 4
    assert {"keeps 4", "keeps 3", "keeps 2", "keeps 1"} <= set(titles)


def test_real_stages_are_drawn_by_their_own_spells():
    spells = {"gpipe": [[("F", 0, 0.0, 1.0), ("B", 0, 3.0, 5.0)], [("F", 0, 1.5, 2.0), ("B", 0, 2.0, 2.5)]]}
    figure = measured.stages_at_work(spells, {"gpipe": 0.6}, {"gpipe": [1, 1]})
    assert bars(figure.data[0]) == [(0.0, 1.0, 0.0), (1.5, 2.0, 1.0)]
    assert "GPipe: 60% of the time is idle" in [note.text for note in figure.layout.annotations]
    assert figure.layout.xaxis.title.text == "time (s)"


def test_differences_count_the_ways_that_rounding_does_not_explain():
    figure = measured.differences({"yours": [1e-7, 3e-7], "sum": [1.0, 3.0]}, 1e-6)
    assert [trace.marker.color for trace in figure.data] == [look.BLUE, look.ORANGE]
    assert [list(trace.x) for trace in figure.data] == [[1e-7, 3e-7], [1.0, 3.0]]
    assert "1 of 2 ways give another gradient" in said(figure)
    assert list(figure.layout.yaxis.ticktext) == ["yours", "sum"]


def test_losses_say_how_many_fall_and_how_far_off_the_weights_end():
    panels = {
        "Adam": {"yours": [4.0, 2.0], "sum": [4.0, 2.0]},
        "SGD": {"yours": [4.0, 3.0], "sum": [4.0, 5.0]},
    }
    figure = measured.losses(panels, {"Adam": 0.037, "SGD": 102.5})
    assert "3 of 4 losses fall" in said(figure)
    assert "0.037 % with Adam, 102 % with SGD" in said(figure)
    assert [list(trace.y) for trace in figure.data] == [[4, 2], [4, 2], [4, 3], [4, 5]]


def test_speedups_are_named_by_their_link():
    links = {"fast link": [1, 1.9, 3.4], "slow link": [1, 1.2, 1.33]}
    figure = measured.speedups([1, 2, 4], links, links)
    assert "4 ranks: 3.40 times as fast as one over the fast link, 1.33 times over the slow link" in said(
        figure
    )
    assert {note.text for note in figure.layout.annotations} >= set(links)
    assert unnamed_axes(figure) == set()


def test_overlaps_draw_messages_below_the_backward_pass_and_what_was_expected():
    runs = {"7 buckets": (0.5, [(0.1, 0.2), (0.4, 0.5)], 0.49), "one message": (0.8, [(0.4, 0.8)], 0.8)}
    figure = measured.overlaps(runs, 0.4)
    assert "Done after 0.50 s with 7 buckets, after 0.80 s with one message" in said(figure)
    assert [bar[:2] for bar in bars(figure.data[1])] == [(0.1, 0.2), (0.4, 0.5)]
    assert list(figure.data[2].x) == [0.49, 0.49]


def test_the_comparison_names_best_and_worst():
    figure = measured.against_gpipe(np.array([0.6, 0.9, 1.0]), [0.0, 0.5], [1.0, 1.18])
    assert "0.60 to 1.00 of GPipe's time with unequal stages, up to 1.18 with slow messages" in said(figure)
    assert unnamed_axes(figure) == set()
