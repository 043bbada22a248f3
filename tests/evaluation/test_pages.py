"""report.html: one file, for everyone, and no name in it is more than a name."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from idverify.evaluation import plots
from idverify.evaluation.agreement import agreement
from idverify.evaluation.html import Headline, Page, Picture, Section, Table, write_page
from idverify.evaluation.latency import Pair
from idverify.evaluation.latency_page import latency_page
from idverify.evaluation.pages import interval, rate, target
from idverify.evaluation.paths import Seen

HOSTILE = [
    "<script>alert(1)</script>",
    "$\\frac{",
    "_hidden",
    '"><img src=x onerror=alert(1)>',
    "]]>&amp;",
    "a\nb\x00",
    "x" * 300,
]
VOID = {"meta", "link", "br", "img", "hr", "input", "path", "use", "rect", "circle", "stop"}


class Reader(HTMLParser):
    """Every element with its attributes, and that each that opens is closed in turn."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text, self.wrong = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    """The page, parsed."""
    reader = Reader()
    reader.feed(path.read_text())
    return reader


@pytest.fixture
def page(tmp_path):
    """A page on which every name is a hostile one."""
    bars = [plots.Bar(name, 0.1, 0.05, 0.2) for name in HOSTILE]
    edges = np.linspace(0, 1, 11)
    kinds = {name: plots.binned(np.linspace(0, 1, 20), edges) for name in HOSTILE[:4]}
    line = plots.Line(HOSTILE[1], np.array([0.0, 0.01, 1.0]), np.array([1.0, 0.1, 0.0]))
    drawn = {
        "bars": plots.interval_plot(bars, {HOSTILE[0]: 0.1}, label=HOSTILE[1]),
        "kinds": plots.histogram_plot(kinds, {HOSTILE[0]: 0.5}, label=HOSTILE[1]),
        "curve": plots.det_plot([line, line], [plots.Mark(HOSTILE[0], 0.01, 0.1)], labels=(HOSTILE[0], HOSTILE[1])),
    }
    pictures = [Picture(name, plots.save(figure, tmp_path, name), HOSTILE[3], HOSTILE[0]) for name, figure in drawn.items()]
    table = Table(HOSTILE[0], HOSTILE[:3], [HOSTILE[:3]])
    sections = [Section(name, [name], pictures if name == HOSTILE[0] else (), [table]) for name in HOSTILE]
    headlines = [Headline(name, name, name, name) for name in HOSTILE]
    return write_page(tmp_path, Page(HOSTILE[0], headlines, HOSTILE, HOSTILE, sections, {HOSTILE[0]: {HOSTILE[0]: HOSTILE[0]}}))


def test_a_hostile_name_stays_text_in_the_page_and_in_its_pictures(page):
    """No script, no handler, no element that the template does not have; the names are there to be read."""
    reader = read(page)
    assert reader.wrong == []
    assert reader.open == []
    assert not {tag for tag, _ in reader.elements} & {"script", "img", "iframe", "object", "embed", "link", "foreignobject"}
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    text = "".join(reader.text)
    assert text.count("<script>alert(1)</script>") > 5
    assert "$\\frac{" in text
    assert "_hidden" in text


def test_the_page_needs_nothing_else(page):
    """No address but within the page, no import in the style, and a policy that would let none through."""
    text = page.read_text()
    for _, attributes in read(page).elements:
        for name, value in attributes.items():
            if name in {"src", "href", "xlink:href", "action", "data"}:
                assert value.startswith("#")
    assert not re.findall(r"url\((?!#)", text)
    assert "@import" not in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_whoever_cannot_see_it_is_told_the_same(page):
    """One first heading, none skipped; pictures have a name and tables headers for every column and row; identifiers are unique."""
    reader = read(page)
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = [attributes for tag, attributes in reader.elements if tag == "svg"]
    assert len(pictures) == 3
    assert all(one["role"] == "img" and one["aria-labelledby"] in ids for one in pictures)
    headers = [attributes.get("scope") for tag, attributes in reader.elements if tag == "th"]
    assert set(headers) == {"col", "row"}
    tables = [tag for tag, _ in reader.elements].count("table")
    assert [tag for tag, _ in reader.elements].count("caption") == tables
    assert dict(reader.elements)["html"] == {"lang": "en"}


def contrast(one, other):
    """WCAG 2's contrast ratio of two colours, 1 to 21."""

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_and_lines_can_be_told_from_their_ground_in_light_and_in_dark(page):
    """4.5 for text, on the ground and on what is raised from it, and 3 for lines of pictures (WCAG 2.1, AA)."""
    blocks = re.findall(r":root \{(.*?)\}", page.read_text(), flags=re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for ground in (colours["ground"], colours["raised"]):
            for name in ("ink", "soft", "accent", "good", "bad", "unsure"):
                assert contrast(colours[name], ground) >= 4.5, (name, ground)
        for number in range(1, 7):
            assert contrast(colours[f"series-{number}"], colours["ground"]) >= 3


def test_a_number_and_its_sign_for_per_cent_stay_on_one_line(tmp_path):
    """In headlines, sentences and cells; a sign that follows no number is left alone."""
    words = "at most 33.33 % over people"
    sections = [Section("a", [words], (), [Table(words, ["rate"], [["a", words]])])]
    page = Page("a", [Headline(words, "1 %", words, words)], [words], ["in %"], sections, {})
    text = "".join(read(write_page(tmp_path, page)).text)
    assert text.count(words.replace(" %", "\N{NO-BREAK SPACE}%")) == 6
    assert "in %" in text


def test_pictures_take_the_colours_of_the_page(page):
    """None of the fixed ink is left in it, or it would be black on black."""
    body = page.read_text().split("</style>")[1]
    assert plots.INK not in body
    assert "var(--ink)" in body
    assert "#000000" not in body


def test_a_picture_is_the_same_bytes_every_time_and_stands_alone(tmp_path):
    """As PNG and as SVG; the SVG is XML without a date."""
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        plots.save(plots.interval_plot([plots.Bar("a", 0.1, 0.0, 0.2)], {}, label="rate"), tmp_path / name, "plot")
        found.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert found[0] == found[1]
    assert set(found[0]) == {"plot.png", "plot.svg"}
    assert ElementTree.fromstring(found[0]["plot.svg"].decode()).tag.endswith("svg")


def test_each_axis_of_a_trade_off_shows_what_its_own_rates_need():
    """FMR down to 1e-6 does not squeeze FNMR of 3 to 90 % and its band into a corner, and no rate that has a place is drawn elsewhere."""
    high, low = np.array([0.95, 0.2, 0.1]), np.array([0.8, 0.05, 0.0])
    curve = plots.Line("DET", np.array([0.0, 1e-6, 1e-2]), np.array([0.9, 0.1, 0.03]), low, high)
    axes = plots.det_plot([curve], labels=("FMR", "FNMR")).axes[0]
    drawn = {name: [plots._NORMAL.cdf(value) for value in axes.lines[0].get_data()[at]] for at, name in enumerate("xy")}
    assert drawn["y"] == pytest.approx([0.9, 0.1, 0.03])
    assert drawn["x"] == pytest.approx([5e-7, 1e-6, 1e-2])
    assert plots._NORMAL.cdf(axes.get_ylim()[0]) > 0.005


def test_a_trade_off_ends_where_it_falls_no_more_and_its_words_do_not_overlap():
    """All comparisons of a list reach an FMR of 100 %: the flat tail squeezed the rest, labels of the axis and of points alike."""
    rates = np.array([5e-6, 1e-4, 1e-3, 1e-2, 0.05, 1.0])
    curve = plots.Line("DET", rates, np.array([0.6, 0.005, 0.005, 0.002, 0.001, 0.001]))
    marks = [plots.Mark(f"FMR {plots.percent(rate)}", rate, 0.005) for rate in (1e-2, 1e-4, 1e-3)]
    figure = plots.det_plot([curve], marks, labels=("FMR", "FNMR"))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert 0.05 < plots._NORMAL.cdf(axes.get_xlim()[1]) < 0.2
    for words in (axes.get_xticklabels(), axes.texts):
        boxes = [text.get_window_extent() for text in words]
        assert len(boxes) >= 3
        assert not [1 for at, box in enumerate(boxes) for other in boxes[:at] if box.overlaps(other)]


def test_the_words_beside_a_threshold_are_struck_through_by_no_other():
    """Thresholds as close as those of the shipped policies, in whatever order they come."""
    edges = np.linspace(-0.5, 1, 101)
    thresholds = {"FMR 0.001 %": 0.475, "FMR 1 %": 0.243, "FMR 0.01 %": 0.41, "FMR 0.1 %": 0.335}
    figure = plots.histogram_plot({"mated": plots.binned(np.linspace(0, 1, 500), edges)}, thresholds, label="score")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    words = [text.get_window_extent() for text in axes.texts]
    lines = [line.get_window_extent() for line in axes.lines]
    assert len(words) == len(lines) == 4
    assert not [1 for box in words for line in lines if box.x0 <= line.x0 <= box.x1 and line.y1 >= box.y0]
    assert not [1 for at, box in enumerate(words) for other in words[:at] if box.overlaps(other)]


def test_numbers_never_read_as_zero_unless_they_are():
    """Small rates keep two digits; a missing bound is said."""
    assert [rate(value) for value in (0.0, 0.0123, 0.00012, 1e-6, 1.0, None)] == [
        "0.00 %", "1.23 %", "0.012 %", "0.0001 %", "100.00 %", "–",
    ]  # fmt: skip
    assert interval(None, 0.2) == "no interval"
    assert target(1e-4) == "1 in 10,000 (0.01 %)"


def test_latency_has_a_page_of_the_same_kind(tmp_path):
    """Made of the keys of its report, the stages of either path side by side."""
    total = {"p50_ms": 10.0, "p95_ms": 11.0, "p99_ms": 12.0}
    stages = {"decode": total, "embed": total}
    report = {
        "total": total, "stages": stages, "naive": {"total": total, "stages": {"decode": total}}, "ratio_to_naive": 1.0,
        "n": 5, "photographs": 2, "input": "frames", "provider": "cpu", "policy": "p", "hardware": {"cpu": "c", "flags": []},
        "void": "a busy machine", "agreement": agreement([Pair(Seen(0.5, 0.9, 1.0), Seen(0.3, 0.9, 1.0))], 0.4, None),
    }  # fmt: skip
    text = "".join(read(write_page(tmp_path, latency_page(tmp_path, report))).text)
    assert "1.00 ×" in text
    assert "VOID: a busy machine" in text
    assert "1 of 1 at 0.400" in text
    assert "none known" in text
    assert Path(tmp_path / "stages.svg").exists()
