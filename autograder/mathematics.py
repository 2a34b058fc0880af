"""Formulas as MathML, which browsers set by themselves: a page needs no MathJax from a content network."""

import html
from xml.etree.ElementTree import Element, tostring

LONGEST = 4000  # characters of one formula
TAGS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt",
    "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mlabeledtr", "mpadded", "mphantom",
    "mstyle", "mmultiscripts", "mprescripts", "none", "menclose",
}  # fmt: skip
ATTRIBUTES = {
    "display", "xmlns", "stretchy", "fence", "form", "separator", "symmetric", "lspace", "rspace", "accent",
    "accentunder", "movablelimits", "largeop", "minsize", "maxsize", "linethickness", "mathvariant",
    "columnalign", "rowalign", "columnspacing", "rowspacing", "displaystyle", "scriptlevel", "notation",
}  # fmt: skip


class NotUnderstood(Exception):
    """A formula that is not set."""


def mathml(formula: str, display: bool = False) -> str:
    """LaTeX as a MathML element; what is not understood stands as it is, in a code element.

    Anyone may have written the formula: nothing in the result can be more than mathematics and text.
    """
    try:
        return _element(formula, display)
    except NotUnderstood:
        return f"<code>{html.escape(formula)}</code>"


def _element(formula: str, display: bool) -> str:
    from latex2mathml.converter import convert_to_element

    if len(formula) > LONGEST:
        raise NotUnderstood
    try:
        root: Element = convert_to_element(formula, display="block" if display else "inline")
    except Exception as error:  # its parser raises many kinds for what it does not know
        raise NotUnderstood from error
    for part in root.iter():
        if part.tag not in TAGS:
            raise NotUnderstood
        part.attrib = {name: value for name, value in part.attrib.items() if name in ATTRIBUTES}
        # The library writes characters as references, and leaves it to its caller that text stays text.
        part.text = html.unescape(part.text) if part.text else part.text
        if part.tag in ("mi", "mtext") and (part.text or "").startswith("\\"):
            raise NotUnderstood  # a command it does not know
    return tostring(root, encoding="unicode")
