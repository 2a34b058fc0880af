"""HTML of a student's making, reduced to what a browser only shows: text, tables, links, pictures."""

import html
import re

TAGS = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "b", "i", "em", "strong", "u", "s",
        "del", "ins", "sub", "sup", "p", "br", "hr", "span", "div", "pre", "code", "kbd", "ul", "ol", "li",
        "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "small", "mark", "a", "img",
        "details", "summary"}  # fmt: skip
EVERYWHERE = {"title", "align"}
ATTRIBUTES = {
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
}
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")
# nh3 drops MathML with all that is written in it; without its tags the text of a formula stays.
FORMULA = re.compile(r"<math\b.*?(</math\s*>|\Z)", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^<>]*>")
TAG_NAME = re.compile(r"<(/?)([a-z][^\s/>]*)", re.IGNORECASE)
# Without an end, or ended by the next of their kind: they nest only in others.
LOOSE = {"area", "br", "col", "hr", "img", "input", "wbr", "p", "li", "dd", "dt", "td", "th", "tr"}
# A parser takes a time that grows with the number of tags times those that are open.
MOST_CHARACTERS, MOST_NESTED, MOST_IRREGULAR = 4 << 20, 100, 5000
TOO_MUCH = "<p>[HTML that is too long or nested too deeply is left out.]</p>"
PAGE = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)


def safe(text: str) -> str:
    """`text` without anything that runs in a browser, dresses as part of the page, or calls elsewhere.

    Tags, attributes and addresses that are not listed go; the text inside of other tags stays, that of
    scripts, styles and SVG does not. No class, id or style: a page acts by them, and with them one thing lies
    over another. Pictures must be in the text itself (data:), so that opening a page tells nobody. What could
    not be read in a moment, for its length or its depth, is left out as a whole.
    """
    import nh3

    if not _is_quickly_read(text):
        return TOO_MUCH
    return nh3.clean(
        FORMULA.sub(lambda formula: TAG.sub("", formula[0]), text),
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes={tag: EVERYWHERE | ATTRIBUTES.get(tag, set()) for tag in TAGS},
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )


def _is_quickly_read(text: str) -> bool:
    """Whether tags nest as they are written, and not deeply, or are so few that it does not matter."""
    if len(text) > MOST_CHARACTERS:
        return False
    opened: list[str] = []
    regular, deepest, count = True, 0, 0
    for end, name in TAG_NAME.findall(text):
        count += 1
        if (name := name.lower()) in LOOSE:
            continue
        if not end:
            opened.append(name)
            deepest = max(deepest, len(opened))
        elif opened and opened[-1] == name:
            opened.pop()
        else:
            regular = False  # what is open then is for the parser to say
    return count <= MOST_IRREGULAR if not regular or opened else deepest <= MOST_NESTED


def _kept(tag: str, name: str, value: str) -> str | None:
    """The value of a listed attribute, None where it is an address that is not allowed."""
    # What a browser reads: character references resolved, white space and control characters passed over.
    address = re.sub(r"[\x00-\x20]+", "", html.unescape(value))
    if name == "src":
        return value if PICTURE.fullmatch(address) else None
    return value if name != "href" or PAGE.match(address) else None
