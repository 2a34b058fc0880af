"""The pictures of lab 3 draw the numbers they are given, and their titles state what these show."""

import numpy as np
import pytest

from course_lib.demos import look
from course_lib.demos.translation import figures
from tests.course_lib.demos.conventions import said, unnamed_axes

LOSSES = {
    "with causal mask": np.geomspace(5, 0.01, 300),
    "without the mask": np.geomspace(5, 0.002, 300),
    "100 sentences": np.geomspace(5, 0.004, 200),
}
BLEU = {
    "your model": {"seen pairs": 99.5, "held-out pairs": 98.7},
    "best dictionary": {"seen pairs": 56.0, "held-out pairs": 54.4},
    "without the mask": {"held-out pairs": 0.7},
}


def influences(tokens=4):
    full = 1 + np.arange(tokens**2, dtype=float).reshape(tokens, tokens)
    both = np.block([[full, np.zeros_like(full)], [full, np.tril(full)]])
    return {"encoder": full, "decoder": np.tril(full), "encoder-decoder": both}


def test_training_draws_means_of_so_many_steps_and_names_the_lowest_and_the_highest_loss():
    figure = figures.training(LOSSES, over=10)
    assert [len(line.x) for line in figure.data] == [291, 291, 191]
    for line, values in zip(figure.data, LOSSES.values(), strict=True):
        assert line.x[0] == 10
        assert line.y[0] == pytest.approx(values[:10].mean())
        assert line.y[-1] == pytest.approx(values[-10:].mean())
    assert "ends at 0.0023 without the mask, at 0.011 with causal mask" in said(figure)
    assert unnamed_axes(figure) == set()
    assert figure.layout.yaxis.type == "log"


def test_each_line_of_training_has_its_name_in_its_color_right_of_all_lines():
    notes = {note.text.split(":")[0]: note for note in figures.training(LOSSES).layout.annotations}
    assert notes.keys() == LOSSES.keys()
    for line, name in zip(figures.training(LOSSES).data, LOSSES, strict=True):
        assert notes[name].font.color == line.line.color
        assert notes[name].x == max(map(len, LOSSES.values()))


def test_training_of_few_steps_and_of_one_model_is_drawn_too():
    figure = figures.training({"100 sentences": [3.0, 2.0]})
    assert list(figure.data[0].y) == [3.0, 2.0]
    assert "ends at 2 for 100 sentences" in said(figure)


@pytest.mark.parametrize("losses", [{}, {"with causal mask": []}])
def test_training_without_a_loss_is_refused(losses):
    with pytest.raises(ValueError, match="at least one step"):
        figures.training(losses)


def test_scores_have_a_bar_for_each_part_that_a_method_has():
    seen, held_out = figures.scores(BLEU).data
    assert dict(zip(seen.y, seen.x, strict=True)) == {"your model": 99.5, "best dictionary": 56.0}
    assert list(held_out.x) == [98.7, 54.4, 0.7]
    assert seen.marker.color != held_out.marker.color


def test_title_of_scores_names_the_two_best_on_the_last_part():
    title = said(figures.scores(BLEU))
    assert "Held-out pairs: BLEU 98.7 for your model, 54.4 for the second best (best dictionary)" in title
    assert unnamed_axes(figures.scores(BLEU)) == {"yaxis"}, "it has the methods' names"
    assert "BLEU 0.7 for without the mask" in said(figures.scores({"without the mask": {"x": 0.7}}))


@pytest.mark.parametrize("rows", [{}, {"your model": {}}])
def test_scores_of_nothing_are_refused(rows):
    with pytest.raises(ValueError, match="at least one method"):
        figures.scores(rows)


def test_a_gradient_of_exactly_zero_stays_white_and_a_tiny_one_does_not():
    kinds = influences()
    kinds["encoder"][0, 1] = 1e-12
    for panel, norms in zip(figures.influence(kinds).data, kinds.values(), strict=True):
        np.testing.assert_array_equal(np.isnan(panel.z), norms == 0)
        np.testing.assert_allclose(10 ** np.array(panel.z)[norms > 0], norms[norms > 0])


def test_title_of_influence_counts_the_zeros_of_each_kind():
    title = said(figures.influence(influences()))
    assert "0: encoder 0 of 16, decoder 6 of 16, encoder-decoder 22 of 64" in title
    assert unnamed_axes(figures.influence(influences())) == {"yaxis2", "yaxis3"}, "the first names them"


def test_all_panels_of_influence_share_one_scale_of_colors():
    figure = figures.influence(influences())
    assert {panel.coloraxis for panel in figure.data} == {"coloraxis"}
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, np.log10(16))


@pytest.mark.parametrize("kinds", [{}, {"decoder": np.zeros((3, 3))}])
def test_influence_of_nothing_is_refused(kinds):
    with pytest.raises(ValueError, match="not 0"):
        figures.influence(kinds)


def test_work_shows_shares_that_add_up_and_the_share_of_matrix_products():
    flops = {"map": 1, "zip": 2, "reduce": 1, "matmul": 96}
    figure = figures.work(flops, {"map": 30_000_000, "zip": 50_000_000, "matmul": 20_000_000})
    assert [bar.name for bar in figure.data] == ["map", "zip", "reduce", "matmul"]
    np.testing.assert_allclose(np.sum([bar.x for bar in figure.data], axis=0), 100)
    assert "Matrix products are 96 % of the arithmetic and 20 % of the bytes moved" in said(figure)
    assert "100 operations and 100 million bytes" in said(figure)
    assert len({bar.marker.color for bar in figure.data}) == 4 <= len(look.COLORS)
    assert unnamed_axes(figure) == {"yaxis"}, "it has the bars' names"


def test_work_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one operation"):
        figures.work({"map": 1}, {})
