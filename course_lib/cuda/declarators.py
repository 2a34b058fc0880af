"""Types as C++ declares them: words in any order, pointers, arrays, references, and names for types."""

from dataclasses import dataclass, replace

from course_lib.cuda.constants import FIXED_WIDTH
from course_lib.cuda.lexer import Token, closing, split
from course_lib.cuda.scopes import Declaration

# dtype of each number type that a kernel may take, by its one spelling here.
NUMBERS = {
    "float": "float32", "double": "float64", "bool": "bool", "char": "int8", "signed char": "int8",
    "unsigned char": "uint8", "short": "int16", "unsigned short": "uint16", "int": "int32",
    "unsigned int": "uint32", "long": "int64", "unsigned long": "uint64", "long long": "int64",
    "unsigned long long": "uint64", "wchar_t": "int32", "char16_t": "uint16", "char32_t": "uint32",
    "half": "float16", "__half": "float16", "__nv_bfloat16": "bfloat16", "nv_bfloat16": "bfloat16",
}  # fmt: skip
# dtype and length of each vector type.
VECTORS = {
    f"{base}{n}": (dtype, n)
    for base, dtype in {
        "char": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16", "int": "int32",
        "uint": "uint32", "long": "int64", "ulong": "uint64", "longlong": "int64", "ulonglong": "uint64",
        "float": "float32", "double": "float64",
    }.items()
    for n in (1, 2, 3, 4)
}  # fmt: skip
VECTORS |= {"half2": ("float16", 2), "__half2": ("float16", 2)}
VECTORS |= {"__nv_bfloat162": ("bfloat16", 2), "nv_bfloat162": ("bfloat16", 2), "dim3": ("uint32", 3)}
_FUNDAMENTAL = frozenset(
    [
        "void",
        "bool",
        "char",
        "short",
        "int",
        "long",
        "float",
        "double",
        "signed",
        "unsigned",
        "wchar_t",
        "char16_t",
        "char32_t",
    ]
)
_CV = {"const", "volatile", "__restrict__", "__restrict", "__const__", "__volatile__"}
_IGNORED = {"__grid_constant__", "inline", "static", "extern", "constexpr", "__forceinline__", "__noinline__",
            "__inline__", "__global__", "__device__"}  # fmt: skip
_BRACKETED = {"__attribute__", "__align__", "alignas", "__launch_bounds__", "__maxnreg__"}
_ALIASES = {"size_t": "unsigned long", "ptrdiff_t": "long"} | FIXED_WIDTH


class NotRead(Exception):
    """A type that no kernel of the course takes. The message goes on where a sentence says "it has"."""


@dataclass(frozen=True)
class Layer:
    """What is put around a type: a pointer "*", a reference "&", a function "()", or an array "[n]"."""

    text: str
    constant: bool = False


@dataclass(frozen=True)
class Type:
    """An element's canonical name, its own const and volatile, and the layers from the element outward."""

    element: str
    constant: bool = False
    volatile: bool = False
    layers: tuple[Layer, ...] = ()

    def qualified(self, constant: bool, volatile: bool) -> "Type":
        """The type with a const or volatile at its outermost layer."""
        if not self.layers:
            return replace(self, constant=self.constant or constant, volatile=self.volatile or volatile)
        outer = self.layers[-1]
        if outer.text.startswith("["):  # const of an array is const of its elements
            inner = replace(self, layers=self.layers[:-1]).qualified(constant, volatile)
            return replace(inner, layers=(*inner.layers, outer))
        return replace(self, layers=(*self.layers[:-1], replace(outer, constant=outer.constant or constant)))

    def within(self, *layers: Layer) -> "Type":
        """The type with more layers around it."""
        return replace(self, layers=(*self.layers, *layers))

    def as_parameter(self) -> "Type":
        """What it is as a function's parameter: an array is a pointer there."""
        if self.layers and self.layers[-1].text.startswith("["):
            return replace(self, layers=(*self.layers[:-1], Layer("*")))
        return self

    def __str__(self) -> str:
        """The type in C++, without a const of its own: `const float*`, `float (*)[4]`."""
        words = ["const"] * (self.constant and bool(self.layers))
        words += ["volatile"] * (self.volatile and bool(self.layers))
        marks, arrays = "", ""
        for layer in self.layers:
            if layer.text.startswith("["):
                arrays = layer.text + arrays
            else:
                marks += layer.text
        name = " ".join([*words, self.element])
        return f"{name} ({marks}){arrays}" if arrays else name + marks


def names_of_types(found: list[Declaration]) -> dict[str, Type | str]:
    """What the names that declarations give to types stand for: a type, or in words what is not a number."""
    names: dict[str, Type | str] = {}
    for declaration in found:
        head = declaration.head
        words = without_attributes(head)
        if declaration.kind in ("class", "enum"):
            what = {"enum": "an enum", "union": "a union"}.get(words[0].text, "a struct")
            if (name := _class_name(words)) is not None:
                names[name] = "a template" if declaration.template else what
        elif declaration.kind == "alias" and words[0].text == "using":
            if len(words) > 3 and words[2].text == "=":
                names[words[1].text] = (
                    "an alias template" if declaration.template else _alias(words[3:], names)[1]
                )
        elif declaration.kind == "alias":
            names |= _typedef(declaration, words, names)
    return names


def _typedef(declaration: Declaration, words: tuple[Token, ...], names: dict) -> dict[str, Type | str]:
    if declaration.body is not None:  # typedef struct { ... } NAME; the names stand behind the body
        what = {"enum": "an enum", "union": "a union"}.get(words[1].text, "a struct")
        return {word.text: what for word in (*words[2:], *declaration.tail) if word.kind == "name"}
    parts = split(tuple(w for w in words[1:] if w.text != ";"))
    try:
        base, start = _base(parts[0], 0, names)
    except NotRead as why:
        return {part[-1].text: str(why) for part in parts if part}
    found = {}
    for k, part in enumerate(parts):
        name, kind = _alias(part, names, base, 0 if k else start)
        if name:
            found[name] = kind
    return found


def _alias(words, names: dict, base: Type | None = None, start: int = 0) -> tuple[str | None, Type | str]:
    words = tuple(w for w in words if w.text != ";")
    try:
        if base is None:
            base, start = _base(words, 0, names)
        name, kind, _ = _declarator(words, start, base, names)
    except NotRead as why:
        return None, str(why)
    return name, kind


def _class_name(words: tuple[Token, ...]) -> str | None:
    rest = [w.text for w in words[1:] if w.text not in ("class", "struct", "final", ";")]
    return rest[0] if rest and (rest[0][0].isalpha() or rest[0][0] == "_") else None


def parameter(words: tuple[Token, ...], names: dict[str, Type | str]) -> tuple[str | None, Type]:
    """The name (None where there is none) and the type that one parameter's words declare.

    `names`: what names of types stand for. Raises NotRead with the true name of what no kernel takes.
    """
    for word in words:
        if word.text in ("__align__", "alignas"):
            raise NotRead(f"an alignment of its own ({word.text})")
    words = without_attributes(words)
    cut = next((i for i, w in enumerate(words) if w.text == "="), len(words))
    base, start = _base(words[:cut], 0, names)
    name, kind, end = _declarator(words[:cut], start, base, names)
    if end < cut:
        raise NotRead(f"more than a type and a name ({words[end].text})")
    return name, kind.as_parameter()


def without_attributes(words: tuple[Token, ...]) -> tuple[Token, ...]:
    """The words without [[...]], alignas(...) and the like."""
    out, i = [], 0
    while i < len(words):
        if words[i].text in _BRACKETED:
            i += 1
            if i < len(words) and words[i].text == "(":
                i = closing(words, i) + 1
        elif words[i].text == "[" and i + 1 < len(words) and words[i + 1].text == "[":
            i = closing(words, i) + 1
        else:
            out.append(words[i])
            i += 1
    return tuple(out)


def _base(words: tuple[Token, ...], i: int, names: dict[str, Type | str]) -> tuple[Type, int]:
    """The type at the front of a declaration, and where its declarator begins."""
    counted: list[str] = []
    named: Type | None = None
    constant = volatile = False
    while i < len(words) and words[i].kind == "name":
        text = words[i].text
        if text in ("const", "__const__"):
            constant = True
        elif text in ("volatile", "__volatile__"):
            volatile = True
        elif text in _FUNDAMENTAL and named is None:
            counted.append(text)
        elif text in _IGNORED:
            pass
        elif text in ("struct", "class", "union", "enum") and named is None and not counted:
            raise NotRead(f"a {text} as its type")
        elif named is None and not counted:
            named, i = _named(words, i, names)
        else:
            break
        i += 1
    if i < len(words) and words[i].text == "::" and named is None and not counted:
        named, i = _named(words, i + 1, names)
        i += 1
    if named is None:
        if not counted:
            raise NotRead("no type")
        named = Type(_canonical(counted))
    return named.qualified(constant, volatile), i


def _canonical(counted: list[str]) -> str:
    """One spelling for the words of a fundamental type in any order."""
    longs, signs = counted.count("long"), [w for w in counted if w in ("signed", "unsigned")]
    rest = [w for w in counted if w not in ("long", "signed", "unsigned", "int")]
    sign = "unsigned " if signs == ["unsigned"] else ""
    if longs == 1 and rest == ["double"]:
        raise NotRead("type long double")
    if len(signs) > 1 or longs > 2 or counted.count("int") > 1 or len(rest) + bool(longs) > 1:
        raise NotRead(f"type {' '.join(counted)}, which is none of C++'s")
    if rest == ["char"] and "int" not in counted:
        return f"{''.join(signs)} char".strip()
    if rest == ["short"]:
        return f"{sign}short"
    if longs:
        return sign + " ".join(["long"] * longs)
    if rest and (signs or "int" in counted):
        raise NotRead(f"type {' '.join(counted)}, which is none of C++'s")
    return rest[0] if rest else f"{sign}int"


def _named(words: tuple[Token, ...], i: int, names: dict[str, Type | str]) -> tuple[Type, int]:
    """The type that the name at `i` stands for, and the index of its last word."""
    start = i
    while i + 2 < len(words) and words[i + 1].text == "::":
        i += 2
    text, full = words[i].text, "".join(w.text for w in words[start : i + 1])
    if words[start].text == "std" and i > start:
        raise NotRead(f"type {full}, and device code has no C++ standard library here")
    if text in ("auto", "decltype", "typename", "template", "register"):
        raise NotRead(f"its type written as {text}")
    known = names.get(text)
    if isinstance(known, Type):
        return known, i
    if known is not None:
        raise NotRead(f"type {full}, which is {known}")
    if text in _ALIASES:
        return Type(_ALIASES[text]), i
    if text in NUMBERS or text in VECTORS:
        return Type(text), i
    raise NotRead(f"type {full}, which is not known here")


def _declarator(words, i: int, kind: Type, names: dict) -> tuple[str | None, Type, int]:
    """The name and the type of the declarator at `i` around `kind`, and where it ends."""
    while i < len(words) and (words[i].text in ("*", "&") or words[i].text in _CV | _IGNORED):
        text = words[i].text
        if text in ("*", "&"):
            kind = kind.within(Layer(text))
        elif text in ("const", "__const__"):
            kind = kind.qualified(constant=True, volatile=False)
        i += 1
    name, inner = None, None
    if i < len(words) and words[i].text == "(" and _holds_a_declarator(words, i, names):
        end = closing(words, i)
        inner, i = words[i + 1 : end], end + 1
    elif i < len(words) and words[i].kind == "name":
        name, i = words[i].text, i + 1
    arrays: list[Layer] = []
    while i < len(words) and words[i].text in ("[", "("):
        end = closing(words, i)
        if words[i].text == "(":
            arrays.append(Layer("()"))
        else:
            arrays.append(Layer("".join(f" {w.text}" for w in words[i : end + 1]).replace(" ", "", 1)))
        i = end + 1
    kind = kind.within(*reversed(arrays))
    if inner is not None:
        name, kind, rest = _declarator(inner, 0, kind, names)
        if rest < len(inner):
            raise NotRead(f"more than a type and a name ({inner[rest].text})")
    return name, kind, i


def _holds_a_declarator(words, i: int, names: dict) -> bool:
    after = words[i + 1] if i + 1 < len(words) else None
    if after is None or after.text in (")", "["):
        return False
    is_type = after.text in _FUNDAMENTAL | _CV or after.text in names or after.text in NUMBERS | VECTORS
    return after.text in ("*", "&", "(") or (after.kind == "name" and not is_type)
