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
PAGE = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)


def safe(text: str) -> str:
    """`text` without anything that runs in a browser, dresses as part of the page, or calls elsewhere.

    Tags, attributes and addresses that are not listed go; the text inside of other tags stays, that of
    scripts and styles does not. No class, id or style: a page acts by them, and with them one thing lies over
    another. Pictures must be in the text itself (data:), so that opening a page tells nobody.
    """
    import bleach

    without_code = re.sub(r"<(script|style)\b.*?(</\1\s*>|$)", "", text, flags=re.IGNORECASE | re.DOTALL)
    schemes = {"http", "https", "mailto", "data"}
    return bleach.clean(without_code, tags=TAGS, attributes=_is_allowed, protocols=schemes, strip=True)


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name in EVERYWHERE:
        return True
    if name not in ATTRIBUTES.get(tag, ()):
        return False
    # What a browser reads: character references resolved, white space and control characters passed over.
    address = re.sub(r"[\x00-\x20]+", "", html.unescape(value))
    if name == "src":
        return PICTURE.fullmatch(address) is not None
    return name != "href" or PAGE.match(address) is not None
