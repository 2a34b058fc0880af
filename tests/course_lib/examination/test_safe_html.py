"""HTML of a student's making keeps what it says and loses everything by which it could act."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.examination.safe_html import ATTRIBUTES, EVERYWHERE, TAGS, TOO_MUCH, safe


class Elements(HTMLParser):
    """The elements of a page as (tag, attributes)."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://example.org/pixel.png'>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\tscript:alert(1)'>x</a>",
        "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href='../../formgrader/api/x'>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<svg onload=alert(1)>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<style>@import 'http://example.org'</style>",
        "<form action=http://example.org><input></form>",
        "<div class='full-credit' id='x' style='position:fixed;top:0'>x</div>",
        "<math><mtext></table></math><img src onerror=alert(1)></mtext></math>",
        # One parser's attribute or raw text is another's element.
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
        '<math><mi><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<template><img src=x onerror=alert(1)></template>",
        "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
        "<xmp><img src=x onerror=alert(1)></xmp>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<![CDATA[<img src=x onerror=alert(1)>]]>",
        "<svg><animate onbegin=alert(1) attributeName=x>",
        "<details open ontoggle=alert(1)>x</details>",
        "<base href='//example.org'><a href='x'>x</a>",
        "<meta http-equiv=refresh content='0; url=//example.org'>",
        "<link rel=stylesheet href='//example.org'>",
        "<a href='//example.org'>x</a>",
        "<a href='http:example.org'>x</a>",
        "<a href='java\x00script:alert(1)'>x</a>",
        "<a href='&#x6A;avascript:alert(1)'>x</a>",
        "<a href='data:image/png;base64,AAAA'>x</a>",
        "<img src='data:image/png;base64,AAAA\" onerror=alert(1) x=\"'>",
        "<img srcset='//example.org/pixel.png' src='/formgrader'>",
        "<td background='//example.org' onclick=alert(1)>x",
    ],
)
def test_nothing_is_left_that_runs_loads_or_poses_as_part_of_the_page(text):
    assert [attributes for _, attributes in Elements(safe(text)).found if attributes] == []
    assert {tag for tag, _ in Elements(safe(text)).found} <= TAGS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a<script>b</script>c", "ac"),
        ("a<style>b</style>c", "ac"),
        ("a<script>b", "a"),
        ("a<form>b</form>c", "abc"),
        ("a <math><mi>x</mi><mo>&lt;</mo></math> b", "a x&lt; b"),
        ("a<svg viewBox='0 0 1 1'><text x=1>b</text></svg>c", "ac"),
        ("1 < 2", "1 &lt; 2"),
        ("<b>bold", "<b>bold</b>"),
    ],
)
def test_the_text_in_other_tags_stays_and_that_of_scripts_and_styles_goes(text, shown):
    assert safe(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "<table><tbody><tr><td>0.5</td></tr></tbody></table>",
        '<a href="https://example.org/x?a=1">a source</a>',
        '<img alt="a plot" src="data:image/png;base64,iVBORw0KGgo=">',
        "<p>1 &lt; 2 &amp; <em>so on</em></p>",
        "<details><summary>more</summary>text</details>",
    ],
)
def test_what_only_shows_stays_as_it_is(text):
    assert safe(text) == text


PIECES = ["<", ">", "/", "'", '"', "=", " ", "\t", "&colon;", "&#58;", ":", "javascript", "script", "style",
          "img", "a", "src", "href", "onerror", "data", "image/png;base64,", "text/html", "svg", "x", "<!--",
          "-->", "]]>", "math", "noscript", "textarea", "title", "\x00", "template", "table"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_whatever_the_text_only_listed_tags_attributes_and_addresses_come_out(text):
    once = safe(text)
    assert safe(once) == once
    for tag, attributes in Elements(once).found:
        assert tag in TAGS
        assert attributes.keys() <= EVERYWHERE | ATTRIBUTES.get(tag, set())
        assert (attributes.get("href") or "#").lower().startswith(("http://", "https://", "mailto:", "#"))
        assert (attributes.get("src") or "data:image/").startswith("data:image/")


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 200_000,
        "<div>" * 20_000 + "x" + "</div>" * 20_000,
        "<b><i>" * 50_000,
        "<ul><li>" * 50_000,
        "<table><tr><td>" * 30_000,
        "<DIV><p>" * 20_000,
        "<a href=x>" * 30_000,
        "x" * (8 << 20),
        "<unknown>" * 30_000,
        "<div></b>" * 20_000,
        "<div><table><td></div></table>" * 20_000,
        "<div>" * 300 + "x" + "</div>" * 300 + "<br>" * 5_000,
    ],
    ids=range(12),
)
def test_what_a_parser_would_take_long_for_is_left_out(text):
    assert safe(text) == TOO_MUCH


def test_a_long_table_of_shallow_rows_stays():
    row = "<tr><th>1</th>" + "<td>0.5<br>x</td>" * 20 + "</tr>"
    table = f"<table><tbody>{row * 2000}</tbody></table>"
    assert safe(table) == table
    loose = "<ul>" + "<li>one<p>two" * 3000 + "</ul>"
    assert "[HTML" not in safe(loose)
