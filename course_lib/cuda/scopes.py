"""The declarations of a source outside of functions; namespaces and classes are entered."""

from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.cuda.lexer import Token, closing

_CLASSES = ("struct", "class", "union")
_BEFORE_TYPES = frozenset(
    {"typedef", "__device__", "__constant__", "__shared__", "static", "const", "volatile"}
)
# Behind these a round bracket begins no parameters.
_BRACKETED = frozenset({
    "__launch_bounds__", "__maxnreg__", "__cluster_dims__", "__block_size__", "__align__", "alignas",
    "__attribute__", "decltype", "noexcept",
})  # fmt: skip


@dataclass(frozen=True)
class Declaration:
    """One declaration: its words up to the body, the body's words, and where it stands.

    `start` and `stop` are indices in the stream of words, the body and its semicolon included; `body` is the
    index of its brace, or None, and `tail` what stands behind it. `template`: it begins with template<...>,
    which `head` leaves out.
    """

    head: tuple[Token, ...]
    tail: tuple[Token, ...]
    start: int
    stop: int
    body: int | None
    in_class: bool
    c_linkage: bool
    template: bool

    @property
    def texts(self) -> list[str]:
        """The words of the head."""
        return [word.text for word in self.head]

    @property
    def kind(self) -> str:
        """namespace, class (struct and union too), enum, alias, other, function or variable."""
        texts = self.texts
        if texts[0] == "namespace" or texts[:2] == ["inline", "namespace"]:
            return "namespace"
        if texts[0] == "extern" and len(texts) == 2 and self.body is not None:
            return "namespace"  # extern "C" { }
        if texts[0] in ("typedef", "using"):
            return "alias"
        if texts[0] in ("static_assert", "friend"):
            return "other"
        if parameters(self.head) is not None:
            return "function"
        if texts[0] in (*_CLASSES, "enum") and (self.body is not None or len(texts) == 2):
            return "enum" if texts[0] == "enum" else "class"
        return "variable"


def declarations(words: tuple[Token, ...]) -> Iterator[Declaration]:
    """All declarations outside of functions in the order of the source, those in classes included."""
    yield from _inside(words, 0, len(words), in_class=False, c_linkage=False)


def parameters(head: tuple[Token, ...]) -> int | None:
    """Index of the bracket that opens a function's parameters in a declaration's words, or None."""
    i = 0
    while i < len(head):
        text = head[i].text
        if text == "=":
            return None
        if text == "(" and (i == 0 or head[i - 1].text not in _BRACKETED):
            # `float (*pointer)[4]` and `void (name)(int)`: the first bracket holds the name.
            after = closing(head, i) + 1
            again = after < len(head) and head[after].text == "("
            if i + 1 < len(head) and head[i + 1].text in ("*", "&"):
                return None
            return after if again else i
        i = closing(head, i) + 1 if text in ("(", "[", "{") else i + 1
    return None


def _inside(words, start: int, end: int, in_class: bool, c_linkage: bool) -> Iterator[Declaration]:
    i = start
    while i < end:
        if words[i].kind == "directive" or words[i].text in (";", ":", "public", "private", "protected"):
            i += 1
            continue
        first = i
        if words[i].text == "template":
            first = _behind_angles(words, i + 1, end)
        stop, body = _statement(words, first, end)
        head = tuple(w for w in words[first : stop if body is None else body] if w.kind != "directive")
        if not head:
            i = max(stop, i + 1)
            continue
        tail = words[closing(words, body) + 1 : stop] if body is not None else ()
        found = Declaration(head, tail, i, stop, body, in_class, c_linkage, first > i)
        yield found
        inner = [text for text in found.texts if text not in _BEFORE_TYPES]
        if body is not None and found.kind == "namespace":
            linkage = found.texts[1] == '"C"' if found.texts[0] == "extern" else c_linkage
            yield from _inside(words, body + 1, closing(words, body), in_class, linkage)
        elif body is not None and inner[:1] and inner[0] in _CLASSES and found.kind != "function":
            yield from _inside(words, body + 1, closing(words, body), True, c_linkage)
        i = stop


def _behind_angles(words, i: int, end: int) -> int:
    depth = 0
    while i < end:
        depth += words[i].text.count("<") - (words[i].text.count(">") if words[i].text != "->" else 0)
        i = closing(words, i) + 1 if words[i].text in ("(", "[", "{") else i + 1
        if depth <= 0:
            if i < end and words[i].text == "template":
                return _behind_angles(words, i + 1, end)
            return i
    return end


def _statement(words, i: int, end: int) -> tuple[int, int | None]:
    """Where the declaration at `i` ends, and the index of its body's brace if it has one.

    A type's declaration goes on behind its body, up to a semicolon.
    """
    start, equals, function, body = i, False, False, None
    first = next((w.text for w in words[i:end] if w.text not in _BEFORE_TYPES), "")
    is_type = words[i].text in ("typedef", "using") or first in ("enum", *_CLASSES)
    while i < end:
        text = words[i].text
        if text == ";":
            return i + 1, body
        if text == "{" and not equals and body is None:
            body = i
            if not is_type or function:
                return closing(words, i) + 1, i
        function |= text == "(" and i > start and words[i - 1].text not in _BRACKETED and body is None
        equals |= text == "="
        i = closing(words, i) + 1 if text in ("(", "[", "{") else i + 1
    return end, body
