"""From CUDA C++ to what an ordinary compiler accepts, by insertions that keep every line's number."""

from functools import lru_cache

from course_lib.cuda.constants import prelude
from course_lib.cuda.declarators import without_attributes
from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing, opening, split
from course_lib.cuda.macros import expanded
from course_lib.cuda.scopes import Declaration, declarations
from course_lib.cuda.signature import Kernel, definitions

_ALIGNED = ("alignas", "__align__", "__attribute__")
_BEHIND_NAMES = ("[", ",", ";", "=", "{")
_NO_NAMES = ("const", "volatile", "__restrict__", "__restrict")


@lru_cache(maxsize=64)  # the same source is asked for at each inspection
def host_source(source: str, filename: str) -> str:
    """The source with an entry function behind each kernel and its shared and device arrays made known.

    `extern __shared__ T name[];` becomes a pointer to the launch's dynamic shared memory. Errors of the
    compiler name `filename` and the source's own lines. Raises CompileError as `definitions` does.
    """
    edits = [(kernel.end, kernel.end, _entry(kernel)) for kernel in definitions(source)]
    words = expanded(source)
    for declaration in declarations(words):
        if declaration.kind == "function":
            if declaration.body is not None:
                edits += _attributes(declaration) + _in_function(source, words, declaration.body)
        elif "__shared__" in declaration.texts:
            raise _refused(
                declaration.head[0].line, "declare __shared__ memory inside the kernel that uses it"
            )
        elif {"__device__", "__constant__"} & set(declaration.texts):
            edits += _device(words, declaration)
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return "\n".join([*prelude(source), f'#line 1 "{filename}"', source, ""])


def _entry(kernel: Kernel) -> str:
    """Calls the kernel with the launch's arguments; the compiler is asked whether it reads them as we do."""
    types = [p.spelling for p in kernel.parameters]
    arguments = ", ".join(f"*(__course_type<{t}>::type*)arguments[{i}]" for i, t in enumerate(types))
    agrees = ", ".join([f"decltype({kernel.name})", *types])
    return (
        f" static_assert(__course_takes<{agrees}>::value, "
        f'"the course reads the parameters of kernel {kernel.name} otherwise than the compiler: write their "'
        ' "types out");'
        ' extern "C" __attribute__((visibility("default"), no_sanitize("thread"))) void '
        f"__course_entry_{kernel.name}(void** arguments)"
        f" {{ (void)arguments; {kernel.name}({arguments}); }}"
    )


def _attributes(declaration: Declaration) -> list[tuple[int, int, str]]:
    """Takes [[...]] out of a function's head: it does nothing, and compilers differ in where it may stand."""
    head, edits = declaration.head, []
    for i in range(1, len(head)):
        if head[i - 1].text == head[i].text == "[" and head[i - 1].end == head[i].start:
            start, end = head[i - 1].start, head[min(closing(head, i) + 1, len(head) - 1)].end
            edits.append((start, end, " "))
    return edits


def _in_function(source: str, words: tuple[Token, ...], body: int) -> list[tuple[int, int, str]]:
    """Edits for the shared arrays of one function."""
    depth, held, edits = 0, [], []
    for i in range(body, closing(words, body)):
        depth += (words[i].text == "{") - (words[i].text == "}")
        if words[i].text == "__shared__":
            edits.append(_shared(source, words, i, depth, held))
    return edits


def _shared(
    source: str, words: tuple[Token, ...], i: int, depth: int, held: list[str]
) -> tuple[int, int, str]:
    """The edit for one declaration; `held` are the structs of this function's outermost block so far."""
    line, start = words[i].line, _statement_start(words, i)
    end = i
    while words[end].text != ";":
        end = closing(words, end) + 1 if words[end].text in ("(", "[", "{") else end + 1
        if end >= len(words):
            raise _refused(line, "this declaration has no semicolon")
    place = words[start].start, words[end].end
    if words[start - 1].start == place[0] or (
        end + 1 < len(words) and words[end + 1].start == words[end].start
    ):
        raise _refused(line, "write this __shared__ declaration out: a macro holds it with other code")
    statement = tuple(w for w in words[start:end] if w.text not in ("__shared__", "static", "extern"))
    dynamic = any(word.text == "extern" for word in words[start:end])
    base, declarators = _split(without_attributes(statement) if dynamic else statement)
    if any(word.text == "=" for part in declarators for word in part):
        raise _refused(
            line, "__shared__ memory cannot be initialized where it is declared; let threads write it"
        )
    text, base = _type_of_its_own(base, place[0])
    if dynamic:
        text += _dynamic(line, base, declarators)
    else:
        members, structs = _members(place[0], base, declarators)
        if depth == 1:
            held += structs
        sizes = " + ".join(f"sizeof({struct})" for struct in (held if depth == 1 else structs))
        text += members
        text += f'static_assert({sizes} <= 49152, "a block has at most 48 KB of static shared memory"); '
    return *place, text + "\n" * source.count("\n", *place)


def _statement_start(words: tuple[Token, ...], i: int) -> int:
    start = i
    while words[start - 1].text not in (";", "{", "}", ":") and words[start - 1].kind != "directive":
        if words[start - 1].text == ")":
            before = opening(words, start - 1)
            if words[before - 1].text not in _ALIGNED:
                break
            start = before
        start -= 1
    return start


def _split(statement: tuple[Token, ...]) -> tuple[list[str], list[tuple[Token, ...]]]:
    """The words of the type, and the declarators behind it."""
    i, angles = 0, 0
    while i < len(statement):
        text = statement[i].text
        after = statement[i + 1].text if i + 1 < len(statement) else ";"
        if after == "{" and i and statement[i - 1].text in ("struct", "class", "union", "enum"):
            after = ""  # a type that is defined here
        if text == "<" or (text.startswith(">") and angles):
            angles += 1 if text == "<" else -len(text)
        elif text in ("(", "[", "{"):
            if text == "(" and statement[i - 1].text not in (*_ALIGNED, "decltype"):
                break
            i = closing(statement, i)
        elif (text in ("*", "&") and not angles) or (
            not angles and i and statement[i].kind == "name" and after in _BEHIND_NAMES
        ):
            break
        i += 1
    return [w.text for w in statement[:i]], split(statement[i:])


def _type_of_its_own(base: list[str], place: int) -> tuple[str, list[str]]:
    """`struct { ... } a, b`: the struct's definition in front, and its name in its place."""
    if "{" not in base:
        return "", base
    start, end = base.index("{"), len(base) - base[::-1].index("}")
    named = base[start - 1] not in ("struct", "class", "union", "enum")
    name = base[start - 1] if named else f"__course_type_{place}"
    keyword = start - 1 - named
    definition = [base[keyword], name, *base[start:end]]
    return f"{' '.join(definition)}; ", [*base[:keyword], name, *base[end:]]


def _name(declarator: tuple[Token, ...]) -> str:
    return next((w.text for w in declarator if w.kind == "name" and w.text not in _NO_NAMES), "")


def _members(place: int, base: list[str], declarators: list[tuple[Token, ...]]) -> tuple[str, list[str]]:
    """`__shared__ T a[4], b;`: a struct with a member for each name, a reference to it; and the structs."""
    text, structs = "", [f"__course_shared_{place}_{k}" for k in range(len(declarators))]
    for struct, part in zip(structs, declarators, strict=True):
        member = " ".join([*base, *(w.text for w in part)])
        text += f"struct {struct} {{ {member}; }}; __COURSE_SHARED({struct}, {_name(part)}) "
    return text, structs


def _dynamic(line: int, base: list[str], declarators: list[tuple[Token, ...]]) -> str:
    """`extern __shared__ T name[];`, and `T name[][n]`: a pointer to the launch's dynamic shared memory."""
    text = ""
    for part in declarators:
        texts, name = [w.text for w in part], _name(part)
        bracket = texts.index("[") if "[" in texts else -1
        if not base or bracket < 1 or texts[bracket - 1] != name or texts[bracket + 1] != "]":
            raise _refused(line, "write extern __shared__ TYPE NAME[];")
        element, extents = " ".join([*base, *texts[: bracket - 1]]), " ".join(texts[bracket + 2 :])
        text += (
            f"typedef {element} __course_row_{name} {extents}; __course_row_{name}* {name} = "
            f"__COURSE_DYNAMIC(__course_row_{name}, {name}); "
        )
    return text


def _refused(line: int, why: str) -> CompileError:
    return CompileError(f"line {line}: {why}", [(line, why)])


def _device(words: tuple[Token, ...], declaration: Declaration) -> list[tuple[int, int, str]]:
    """A `__device__` or `__constant__` variable at file scope is made known to the inspector by name."""
    if declaration.in_class or declaration.template or words[declaration.stop - 1].text != ";":
        return []
    statement = tuple(w for w in words[declaration.start : declaration.stop - 1] if w.kind != "directive")
    _, declarators = _split(tuple(w for w in statement if w.text not in ("__device__", "__constant__")))
    place = words[declaration.stop - 1].end
    known = "".join(f" __COURSE_DEVICE({_name(part)})" for part in declarators if _name(part))
    return [(place, place, known)]
