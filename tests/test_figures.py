"""What a reader meets of a figure: its lines, bands and colours, the SVG in the page, the slider without a kernel."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import ipywidgets
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from ipywidgets.embed import dependency_state
from matplotlib.colors import to_hex
from scipy import stats

from overparam.report import claims, figures, ticks
from overparam.report.narrow import narrow


@pytest.fixture(autouse=True)
def house_style():
    """Draw in the house style and leave the settings of matplotlib as they were."""
    with plt.rc_context():
        figures.style()
        yield
    plt.close("all")


@pytest.fixture
def runs():
    """Six seeds at each of three widths, for two shares of label noise."""
    rng = np.random.default_rng(0)
    rows = [(width, noise, rng.normal(width, 1)) for width in (1, 2, 4) for noise in (0.5, 0.0) for _ in range(6)]
    return pd.DataFrame(rows, columns=["width", "label_noise", "test_error"])


def edges(band):
    """The lower and the upper edge of a shaded band [n, 2], from its outline."""
    x, y = band.get_paths()[0].vertices.T
    return np.array([[y[x == at].min(), y[x == at].max()] for at in np.unique(x)])


def colors(ax):
    return {line.get_label(): to_hex(line.get_color()) for line in ax.get_lines()}


# --- lines and bands --------------------------------------------------------------------------------------------------


def test_plot_draws_the_mean_and_the_t_interval_of_scipy(runs):
    ax = figures.plot(runs, "width", "test_error")
    (line,), (band,) = ax.get_lines(), ax.collections
    cells = [cell.to_numpy() for _, cell in runs.groupby("width").test_error]
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 4])
    np.testing.assert_allclose(line.get_ydata(), [cell.mean() for cell in cells])
    expected = [stats.t.interval(0.95, len(cell) - 1, cell.mean(), stats.sem(cell)) for cell in cells]
    np.testing.assert_allclose(edges(band), expected)


@pytest.mark.parametrize(
    "draw",
    [
        lambda runs: figures.plot(runs, "width", "test_eror"),
        lambda runs: figures.lines(runs, "width", ["test_error", "test_eror"]),
        lambda runs: figures.panels(runs, "width", ["test_eror"]),
        lambda runs: figures.panels(runs, "width", "test_error", by="test_eror"),
    ],
)
def test_a_column_that_is_not_there_is_one_sentence(runs, draw):
    with pytest.raises(
        ValueError, match=r"The table to draw has no column 'test_eror'; did you mean .*test_error.*\?$"
    ):
        draw(runs)
    with pytest.raises(ValueError, match=r"has no column 'sharpness'; it has .*width"):
        figures.plot(runs, "sharpness", "test_error")
    assert not plt.get_fignums()


def test_lines_draw_each_column_as_plot_does(runs):
    table = runs.assign(bias=runs.test_error, noise=2 * runs.test_error).rename(columns={"bias": "bias²"})
    ax = figures.lines(table, "width", {"bias²": "bias²", "noise": "of labels"}, colors={"noise": "#123456"})
    assert colors(ax) == {"bias²": figures.COLORS["bias"], "of labels": "#123456"}
    alone = figures.plot(table, "width", "noise")
    np.testing.assert_array_equal(ax.get_lines()[1].get_ydata(), alone.get_lines()[0].get_ydata())
    assert len(ax.collections) == 2
    assert {line.get_marker() for line in ax.get_lines()} == {"o", "s"}
    assert ax.get_ylabel() == ""


def test_dots_show_every_replicate_and_the_interval_of_the_mean():
    table = pd.DataFrame({"one": [1.0, 2.0, 3.0], "other": [5.0, 5.0, 8.0]})
    ax = figures.dots(table, label="arm", shift=0.1)
    shown = np.concatenate([line.get_xydata() for line in ax.get_lines()])
    assert sorted(shown[:, 0]) == [1, 2, 3, 5, 5, 8]
    np.testing.assert_allclose(sorted(set(shown[:, 1])), [-0.9, 0.1])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["one", "other"]
    first, second = ax.collections[0].get_segments()
    expected = claims.mean(table.one)
    np.testing.assert_allclose(first[:, 0], [expected.low, expected.high])
    assert ax.get_legend_handles_labels()[1] == ["arm"]
    assert second[0, 0] < 6 < second[1, 0]


def test_panels_share_colours_and_one_legend(runs):
    later = runs.assign(label_noise=runs.label_noise + 0.5, when="after")  # 0.5 is in both panels
    table = pd.concat([runs.assign(when="before"), later])
    fig, (before, after) = figures.panels(table, "width", "test_error", by="when", hue="label_noise")
    assert (before.get_title("left"), after.get_title("left")) == ("before", "after")
    assert colors(before)["0.5"] == colors(after)["0.5"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["0.0", "0.5", "1.0"]
    assert before.get_ylim() == after.get_ylim()
    np.testing.assert_allclose(
        after.get_lines()[0].get_ydata(), runs[runs.label_noise == 0].groupby("width").test_error.mean()
    )


def test_panels_of_several_columns_have_a_title_each_and_one_legend(runs):
    table = runs.assign(train_error=0 * runs.test_error)
    fig, axes = figures.panels(table, "width", {"train_error": "Training", "test_error": "Test"}, hue="label_noise")
    assert [ax.get_title("left") for ax in axes] == ["Training", "Test"]
    assert [ax.get_ylabel() for ax in axes] == ["", ""]
    assert set(axes[0].get_lines()[0].get_ydata()) == {0}
    alone = figures.plot(table, "width", "test_error", hue="label_noise")
    np.testing.assert_array_equal(axes[1].get_lines()[0].get_ydata(), alone.get_lines()[0].get_ydata())
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["0.0", "0.5"]


def test_a_logarithmic_axis_has_the_ticks_asked_for_and_no_others(runs):
    ax = figures.plot(runs, "width", "test_error")
    figures.log_axis(ax, (1, 4, 1024))
    ax.figure.draw_without_rendering()
    assert ax.get_xscale() == "log"
    assert [tick.label1.get_text() for tick in ax.xaxis.get_major_ticks()] == ["1", "4", "1,024"]
    assert not ax.xaxis.get_minor_ticks()


def test_a_figure_leaves_networks_that_diverged_out_and_says_how_many(runs):
    lost = runs.index == runs.index[0]
    diverged = runs.assign(diverged=lost, test_error=runs.test_error.mask(lost))
    ax = figures.plot(diverged, "width", "test_error")
    assert ax.get_title(loc="right") == f"1 of {len(runs)} networks diverged"
    (line,) = ax.get_lines()
    np.testing.assert_allclose(line.get_ydata(), runs[~lost].groupby("width").test_error.mean())
    assert figures.plot(runs.assign(diverged=False), "width", "test_error").get_title(loc="right") == ""


def test_each_hue_has_the_band_of_its_own_rows(runs):
    ax = figures.plot(runs, "width", "test_error", hue="label_noise", label="{:.0%} noise")
    assert [line.get_label() for line in ax.get_lines()] == ["0% noise", "50% noise"]
    for noise, line, band in zip((0.0, 0.5), ax.get_lines(), ax.collections, strict=True):
        cell = runs[(runs.label_noise == noise) & (runs.width == 4)].test_error
        interval = stats.t.interval(0.95, 5, cell.mean(), stats.sem(cell))
        np.testing.assert_allclose(edges(band)[-1], interval)
        assert to_hex(band.get_facecolor()[0]) == to_hex(line.get_color())


def test_a_single_seed_has_no_band(runs):
    single = runs.groupby(["width", "label_noise"], as_index=False).first()
    ax = figures.plot(single, "width", "test_error", hue="label_noise")
    assert len(ax.get_lines()) == 2
    assert not ax.collections


def test_axes_are_named_once(runs):
    ax = figures.plot(runs, "width", "test_error")
    ax.set_xlabel("hidden units")
    figures.plot(runs, "width", "test_error", ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("hidden units", "test error")


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("y", "name"), [("train_error", "train"), ("test_error", "test"), ("variance", "variance")])
def test_a_quantity_has_its_own_color(y, name):
    ax = figures.plot(pd.DataFrame({"width": [1, 2], y: [0.1, 0.2]}), "width", y)
    assert list(colors(ax).values()) == [figures.COLORS[name]]


def test_named_series_have_their_colors_and_others_take_none_of_them():
    names = ["mlp", "test", "train", "cnn"]
    ax = figures.plot(pd.DataFrame({"x": 1, "y": 1.0, "kind": names}), "x", "y", hue="kind")
    drawn = colors(ax)
    assert (drawn["test"], drawn["train"]) == (figures.COLORS["test"], figures.COLORS["train"])
    assert len(set(drawn.values())) == 4
    assert {drawn["mlp"], drawn["cnn"]} <= set(figures.SEQUENCE)


def test_numbers_climb_the_ramp_and_truth_values_do_not():
    ax = figures.plot(pd.DataFrame({"x": 1, "y": 1.0, "width": [8, 2, 4]}), "x", "y", hue="width")
    assert colors(ax) == dict(zip("248", figures.ramp(3), strict=True))
    ax = figures.plot(pd.DataFrame({"x": 1, "y": 1.0, "tuned": [True, False]}), "x", "y", hue="tuned")
    assert set(colors(ax).values()) <= set(figures.SEQUENCE)


def test_colors_may_be_given(runs):
    given = {0.0: "#123456", 0.5: "#abcdef"}
    ax = figures.plot(runs, "width", "test_error", hue="label_noise", colors=given)
    assert colors(ax) == {str(value): color for value, color in given.items()}


def test_more_ordered_hues_than_a_reader_tells_apart_are_refused():
    with pytest.raises(ValueError, match="10 ordered hues were asked for"):
        figures.ramp(10)


def test_no_color_of_a_field_turns_with_the_page():
    """Where the page is dark the named colours change, and single cells of a heat map would light up."""
    shades = [to_hex(shade) for shade in figures.colormap()(np.arange(256))]
    svg = '<svg viewBox="0 0 1 1">' + " ".join(shades)
    assert figures.inline_svg(svg, "A field.").endswith(" ".join(shades))
    assert shades[0] != shades[128] != shades[-1]


# How the colours of a screen reach an eye without cones for red (prot) or green (deut): Machado, Oliveira and Fernandes (2009)
EYES = {
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}
XYZ = np.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]])  # over that of white


def seen(color, eye):
    """The CIELAB coordinates [3] of a colour as that eye sees it."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(EYES[eye]) @ linear, 0, 1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def palettes():
    """The colours of lines by name, where the page is light and where it is dark."""
    names = {f"s{i}": color for i, color in enumerate(figures.SEQUENCE)} | figures.COLORS
    css = (Path(__file__).parents[1] / "book/_static/style.css").read_text(encoding="utf-8")
    dark = dict(re.findall(r"--fig-([\w-]+): (#\w{6})", css))
    light = {color: name for name, color in names.items()}  # each colour once, by the name that the page gives it
    variables = {color: figures._VARIABLES[color].removeprefix("--fig-") for color in light}
    return {"light": {c: c for c in light}, "dark": {c: dark[variables[c]] for c in light}}


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("page", ["light", "dark"])
def test_lines_are_told_apart_without_red_and_green(page, eye):
    for (one, shown), (other, beside) in itertools.combinations(palettes()[page].items(), 2):
        apart = np.linalg.norm(seen(shown, eye) - seen(beside, eye))
        assert apart > 14 or figures.dash(one) != figures.dash(other), (one, other, apart)


def test_a_named_series_has_its_dashes(runs):
    table = runs.assign(bias=runs.test_error, train=runs.test_error)
    bias, train = figures.lines(table, "width", ["bias", "train"]).get_lines()
    assert bias.is_dashed()
    assert not train.is_dashed()
    (solid,) = figures.plot(table, "width", "bias", linestyle="-").get_lines()
    assert not solid.is_dashed()


newer = pytest.mark.skipif(
    matplotlib.__version_info__ < (3, 11), reason="Matplotlib 3.10 leaves these ticks without labels"
)

# --- numbers at the axes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "low", "high", "some"),
    [
        ("linear", 0, 12_000, {"2,000", "12,000"}),
        ("linear", -1, 1, {"−0.5", "0.0"}),
        ("log", 0.003, 2_000, {"0.01", "1", "1,000"}),
        pytest.param("log", 3, 60, {"4", "10", "20"}, marks=newer),
        ("log", 1e-7, 1, {"$10^{−7}$", "0.1"}),
        ("symlog", -50, 50, {"−10", "0", "10"}),
    ],
)
def test_numbers_at_an_axis_are_written_out(kind, low, high, some):
    ax = plt.subplots(figsize=(7.2, 4.2))[1]
    ax.set_yscale(kind)
    ax.set_ylim(low, high)
    ax.figure.draw_without_rendering()
    texts = {tick.get_text() for tick in ax.get_yticklabels() + ax.get_yticklabels(minor=True)}
    texts = {"−0.5" if text == "−0.50" else "0.0" if text == "0.00" else text for text in texts}
    assert some <= texts
    assert not [text for text in texts if re.search(r"\de[-+−\d]|×", text)]
    assert ax.yaxis.get_offset_text().get_text() == ""


def test_small_numbers_in_a_legend_are_powers_of_ten():
    table = pd.DataFrame({"x": [1, 2, 1, 2], "y": 1.0, "penalty": [1e-6, 1e-6, 0.01, 0.01]})
    ax = figures.plot(table, "x", "y", hue="penalty", label="λ = {}")
    assert [line.get_label() for line in ax.get_lines()] == ["λ = $10^{-6}$", "λ = 0.01"]
    assert ticks.written_out("2.50e-07") == "2.5 × $10^{-7}$"
    assert ticks.written_out("layer 1e") == "layer 1e"


# --- for a phone ------------------------------------------------------------------------------------------------------


def two_panels():
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
    for ax, title in ((left, "A title that is much too long for one line of a phone"), (right, "Right")):
        ax.plot([1, 2, 3], [1, 3, 2], color=figures.COLORS["train"], label="a first series")
        ax.plot([1, 2, 3], [2, 1, 3], color=figures.COLORS["test"], label="a second series")
        ax.set(title=title, xlabel="epochs", ylabel="share misclassified")
        ax.label_outer()
    right.text(2.8, 2, "a note that would run over the edge of a phone")
    right.legend(fontsize=7)
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def test_panels_stand_below_each_other_on_a_phone_and_all_fits():
    fig = two_panels()
    slim = narrow(fig)
    slim.draw_without_rendering()
    left, right = slim.axes
    assert slim.get_figwidth() * 96 == pytest.approx(340)
    assert left.get_position().y0 > right.get_position().y1
    assert left.get_position().x0 == pytest.approx(right.get_position().x0, abs=0.02)
    assert right.get_ylabel() == "share misclassified"
    assert all(label.get_visible() and label.get_text() for label in right.get_yticklabels())
    texts = [text for text in slim.findobj(plt.Text) if text.get_visible() and text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) * 96 / 72 >= 12
    edge = slim.bbox.width + 1
    inside = [text for text in texts if text not in left.get_xticklabels() + right.get_xticklabels()]
    assert [text.get_text() for text in inside if text.get_window_extent().x1 > edge] == []
    assert right.get_legend().get_window_extent().y1 < right.get_window_extent().y0


def test_the_wide_figure_stays_as_it_was():
    fig = two_panels()

    def state():
        fig.draw_without_rendering()
        places = [artist.get_window_extent().bounds for artist in [*fig.axes, *fig.legends]]
        return places, [text.get_text() for text in fig.findobj(plt.Text)], plt.get_fignums(), fig.canvas.manager

    places, *rest = state()
    narrow(fig)
    after, *others = state()
    np.testing.assert_allclose(after, places, atol=1)  # constrained layout settles in steps
    assert others == rest


def test_pictures_without_axes_stay_side_by_side():
    fig, axes = plt.subplots(1, 4, figsize=(7.2, 2))
    for ax in axes:
        ax.imshow(np.eye(4))
        ax.set_axis_off()
    slim = narrow(fig)
    assert len({round(ax.get_position().y0, 2) for ax in slim.axes}) == 1
    fig.narrow_columns = 2
    assert len({round(ax.get_position().y0, 2) for ax in narrow(fig).axes}) == 2


def test_numbers_beside_bars_stay_apart_on_a_phone():
    fig, ax = plt.subplots(figsize=(7.2, 3))
    for k in range(4):
        ax.barh(np.arange(6) + k / 5, np.arange(1, 7), 0.18)
        for y in range(6):
            ax.annotate("12.3", (y + 1, y + k / 5), (4, 0), textcoords="offset points", va="center", fontsize=9.5)
    small = narrow(fig)
    small.canvas.draw()
    tops = sorted(text.get_window_extent().y0 for text in small.axes[0].texts)
    assert np.diff(tops).min() > 9  # points, of a text of 9.5


def test_a_figure_that_is_narrow_has_no_second_layout():
    assert narrow(figure((3.5, 2))) is None
    assert list(figures.bundle(figure((3.5, 2)))) == ["image/svg+xml"]


def test_a_notebook_stores_both_layouts():
    stored = figures.bundle(figure((7.2, 4)))
    assert [float(figures._view_box(text).split()[2]) for text in stored.values()] == [518.4, 255]
    both = figures.svg(figure((7.2, 4)), "A line.")
    assert re.findall(r'class="(figure \w+)"', both) == ["figure wide", "figure narrow"]
    assert both.count("display: none") == 1


# --- SVG --------------------------------------------------------------------------------------------------------------


def picture(alt="A line.", size=(3, 2), y=(1, 2)):
    fig, ax = plt.subplots(figsize=size)
    ax.plot([1, 2], y, color=figures.COLORS["train"])
    return figures.svg(fig, alt)


def ids(svg):
    return re.findall(r'\bid="([^"]+)"', svg)


def test_two_figures_of_a_page_share_no_id():
    first, second = picture(), picture(y=(2, 1))
    for svg in (first, second):
        wanted = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg))
        assert len(ids(svg)) == len(set(ids(svg)))
        assert {name for pair in wanted for name in pair if name} == set(ids(svg))
    assert ids(first)
    assert not set(ids(first)) & set(ids(second))


def test_a_figure_takes_its_colors_from_the_page():
    svg = picture()
    assert "currentColor" in svg
    assert figures.INK not in svg
    assert figures.PAPER not in svg  # no background
    assert f"var(--fig-train, {figures.COLORS['train']})" in svg


def test_a_figure_carries_its_alternative_text():
    alt = 'Error < 5 % & "falling"'
    root = ElementTree.fromstring(picture(alt))
    assert (root.get("role"), root.get("aria-label")) == ("img", alt)
    assert root.get("viewBox") == "0 0 216 144"


def test_text_is_text_and_mathematics_an_outline():
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.set(title="Error & width", xlabel="$x_1$", ylabel="a word")
    root = ElementTree.fromstring(figures.svg(fig, "Words."))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Error & width", "a word"} <= set(texts)
    assert not [text for text in texts if "x_1" in text]
    assert all(float(t.get("textLength")) > 0 for t in root.iter("{http://www.w3.org/2000/svg}text"))


def test_a_figure_is_the_same_each_time():
    assert picture() == picture()


# --- sliders ----------------------------------------------------------------------------------------------------------


def figure(size=(3, 2)):
    fig, ax = plt.subplots(figsize=size)
    ax.plot([0, 1])
    return fig


def links(box):
    """What the page links without a kernel, as (source, trait, target, trait) of widgets' ids."""
    state = [widget["state"] for widget in dependency_state(box).values() if widget["model_name"] == "LinkModel"]
    pairs = [(link["source"], link["target"]) for link in state]
    return {(a.removeprefix("IPY_MODEL_"), b, c.removeprefix("IPY_MODEL_"), d) for (a, b), (c, d) in pairs}


def alts(*frames):
    return [re.search(r'aria-label="([^"]*)"', frame.value)[1] for frame in frames]


def grid(**options):
    frames = {(width, seed): figure for width in (1, 2) for seed in "ab"}
    return figures.slider(frames, ("Width", "Seed"), alt="Width {}, seed {}.", **options)


with_stack = pytest.mark.skipif(not hasattr(ipywidgets, "Stack"), reason="ipywidgets 7 has no Stack")


@with_stack
def test_one_slider_shows_a_frame_for_each_position():
    box = figures.slider({"0%": figure, "50%": figure()}, "Noise", alt="With {} noise.", start="50%")
    slider, stack = box.children
    assert (slider.description, slider.index) == ("Noise", 1)
    assert [label for label, _ in slider.options] == ["0%", "50%"]
    assert alts(*stack.children) == ["With 0% noise.", "With 50% noise."]
    assert stack.selected_index == 1
    assert links(box) == {(slider.model_id, "index", stack.model_id, "selected_index")}


@with_stack
def test_drawing_leaves_a_figure_where_it_is_shown():
    fig = plt.figure(figsize=(4, 3), dpi=110)
    canvas = fig.canvas
    assert 'viewBox="0 0 288 216"' in figures.draw(fig)
    assert fig.canvas is canvas
    assert fig.dpi == 110


def test_a_slider_draws_each_value_by_one_function():
    drawn = []

    def draw(width):
        drawn.append(width)
        return figure()

    box = figures.slider(draw, "Width", alt="{} units.", values=(2, 4), start=4)
    assert drawn == [2, 4]
    assert alts(*box.children[1].children) == ["2 units.", "4 units."]
    assert box.children[0].index == 1


def test_two_sliders_draw_each_pair_by_one_function():
    drawn = []

    def draw(noise, width):
        drawn.append((noise, width))
        return figure()

    pairs = [(noise, width) for noise in (0, 1) for width in (2, 4)]
    figures.slider(draw, ("Noise", "Width"), alt="{} and {}.", values=pairs)
    assert drawn == pairs


def test_a_slider_over_a_function_needs_its_values():
    with pytest.raises(ValueError, match="needs the values that it is called with"):
        figures.slider(lambda width: figure(), "Width", alt="{}.")


@with_stack
def test_two_sliders_span_a_grid():
    box = grid(
        start=(2, "a"),
    )
    width, seed, outer = box.children
    assert (width.index, seed.index, outer.selected_index) == (1, 0, 1)
    assert [alts(*inner.children) for inner in outer.children] == [
        ["Width 1, seed a.", "Width 1, seed b."],
        ["Width 2, seed a.", "Width 2, seed b."],
    ]
    assert {inner.selected_index for inner in outer.children} == {0}
    assert links(box) == {(width.model_id, "index", outer.model_id, "selected_index")} | {
        (seed.model_id, "index", inner.model_id, "selected_index") for inner in outer.children
    }


@with_stack
def test_python_has_no_part_in_moving_a_slider():
    slider, stack = figures.slider({"0%": figure, "50%": figure}, "Noise", alt="With {} noise.").children
    slider.index = 1
    assert stack.selected_index == 0  # the browser follows the link; here there is none


@with_stack
def test_alternative_text_may_be_a_function():
    box = figures.slider({1: figure, 2: figure}, "Width", alt=lambda width: f"Twice {width} is {2 * width}.")
    assert alts(*box.children[1].children) == ["Twice 1 is 2.", "Twice 2 is 4."]


def test_frames_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="The frames of a slider must have one size"):
        figures.slider({"a": figure((3, 2)), "b": figure((3, 3))}, "Which", alt="{}")


def test_a_hole_in_the_grid_is_refused():
    frames = {(1, "a"): figure, (1, "b"): figure, (2, "a"): figure}
    with pytest.raises(ValueError, match="3 frames do not fill the grid of 2 × 2 positions"):
        figures.slider(frames, ("Width", "Seed"), alt="{} {}")


def test_a_slider_leaves_no_figure_open():
    figures.slider({"a": figure, "b": figure()}, "Which", alt="{}")
    assert not plt.get_fignums()


def test_without_stack_the_kernel_swaps_the_frame(monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)  # ipywidgets 7, as on Colab
    width, seed, shown = grid(start=(1, "b")).children
    assert alts(shown) == ["Width 1, seed b."]
    width.index = 1
    assert alts(shown) == ["Width 2, seed b."]
    seed.index = 0
    assert alts(shown) == ["Width 2, seed a."]


def test_settings_that_do_not_keep_are_named_beside_their_points():
    table = pd.DataFrame(
        {"setting": ["as above", "digits"], "keeps": [True, False], "rise": [3.0, -1.0], "fall": [2.0, 5.0]}
    )
    ax = figures.settings(table, "rise", "fall", (0, 1))
    (points, across, up) = ax.lines
    assert (points.get_xdata().tolist(), points.get_ydata().tolist()) == ([3, -1], [2, 5])
    assert (set(across.get_xdata()), set(up.get_ydata())) == ({0}, {1})
    assert [(text.get_text().strip(), text.get_position()) for text in ax.texts] == [("digits", (-1, 5))]
    plt.close(ax.figure)


def test_numbers_in_a_figure_are_written_as_in_the_prose():
    fig, ax = plt.subplots()
    ax.set_title(f"off by {2.1e-05:.2g}, {0.4:.0%} wrong")
    text = figures.svg(fig, "A title.")
    assert "e-05" not in text
    ax.set_title(f"{0.4:.0%} wrong")
    assert "40\u202f% wrong" in figures.svg(fig, "A title.")


def test_each_setting_has_a_row_in_order(tmp_path):
    table = pd.DataFrame({"setting": ["b", "a", "c"], "factor": [3.0, 1.0, 2.0]})
    ax = figures.setting_rows(table, "factor", 1, "black")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c", "b"]
    assert ax.get_lines()[1].get_xdata()[0] == 1
    many = pd.concat([table.assign(setting=table.setting + str(i)) for i in range(8)])
    assert figures.setting_rows(many, "factor", 1, "black").figure.get_figheight() / 24 > 0.19  # inches for each name


def test_a_phone_shows_every_name_on_an_axis():
    names = ["canary", "robin", "salmon", "sunfish", "rose", "daisy", "oak", "pine"]
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 4))
    left.pcolormesh(np.zeros((3, 8)))
    left.set_xticks(np.arange(8) + 0.5, names, rotation=90)
    right.plot([1, 2])
    right.set_yticks((0.3, 1), (0.3, 1))  # names that are no texts
    shown = [label.get_text() for label in narrow(fig).axes[0].get_xticklabels()]
    assert shown == names


def test_a_title_of_two_lines_takes_no_room_from_the_panel():
    heights = []
    for title in ("short", "a title that is much longer than a phone is wide and so has a second line"):
        fig, ax = plt.subplots(figsize=(7.2, 3.5))
        ax.set_title(title)
        slim = narrow(fig)
        slim.draw_without_rendering()
        heights.append(slim.axes[0].get_window_extent().height)
    assert heights[1] > 0.97 * heights[0]
