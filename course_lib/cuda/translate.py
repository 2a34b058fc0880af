"""From CUDA C++ to what an ordinary compiler accepts, by insertions that keep every line's number."""

from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing, split, tokens
from course_lib.cuda.signature import Kernel, definitions


def host_source(source: str, filename: str) -> str:
    """The source with an entry function behind each kernel and its shared and device arrays made known.

    `extern __shared__ T name[];` becomes a pointer to the launch's dynamic shared memory. Errors of the
    compiler name `filename` and the source's own lines. Raises CompileError as `definitions` does.
    """
    edits = [(kernel.end, kernel.end, _entry(kernel)) for kernel in definitions(source)]
    words = tokens(source)
    depth, held = 0, []
    for i, word in enumerate(words):
        depth += (word.text == "{") - (word.text == "}")
        if depth == 0:
            held = []
        if word.text == "__shared__":
            edits.append(_shared(words, i, depth, held))
        elif depth == 0 and word.text in ("__device__", "__constant__"):
            edits.extend(_device(words, i))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return f'#line 1 "{filename}"\n{source}\n'


def _entry(kernel: Kernel) -> str:
    arguments = ", ".join(
        f"*({p.type}{'*' * p.pointer}*)arguments[{i}]" for i, p in enumerate(kernel.parameters)
    )
    return (
        ' extern "C" __attribute__((visibility("default"), no_sanitize("thread"))) void '
        f"__course_entry_{kernel.name}(void** arguments)"
        f" {{ (void)arguments; {kernel.name}({arguments}); }}"
    )


def _declared(words: tuple[Token, ...], start: int) -> tuple[list[str], int]:
    """Names declared by the statement at `start`, and the index of its semicolon."""
    end = start
    while words[end].text != ";":
        end = closing(words, end) + 1 if words[end].text in "([{" else end + 1
        if end >= len(words):
            raise CompileError(f"line {words[start].line}: this declaration has no semicolon")
    names = []
    for part in split(words[start:end]):
        cut = next((i for i, w in enumerate(part) if w.text in ("[", "=")), len(part))
        names.append(part[cut - 1].text)
    return names, end


def _shared(words: tuple[Token, ...], i: int, depth: int, held: list[str]) -> tuple[int, int, str]:
    """The edit for one declaration; `held` are the structs of this function's outermost block so far."""
    line = words[i].line
    if depth == 0:
        raise _refused(line, "declare __shared__ memory inside the kernel that uses it")
    start = i
    while words[start - 1].text not in (";", "{", "}", ")", ":") and words[start - 1].kind != "directive":
        start -= 1
    names, end = _declared(words, i + 1)
    statement = [w for w in words[start:end] if w.text not in ("__shared__", "static", "extern")]
    if any(word.text == "=" for word in statement):
        raise _refused(
            line, "__shared__ memory cannot be initialized where it is declared; let threads write it"
        )
    if any(word.text == "extern" for word in words[start:i]):
        text = _dynamic(line, statement, names)
    else:
        text, structs = _members(words[start].start, statement, names)
        if depth == 1:
            held += structs
        sizes = " + ".join(f"sizeof({struct})" for struct in (held if depth == 1 else structs))
        text += f'static_assert({sizes} <= 49152, "a block has at most 48 KB of static shared memory"); '
    newlines = "\n" * (words[end].line - words[start].line)
    return words[start].start, words[end].end, text + newlines


def _members(place: int, statement: list[Token], names: list[str]) -> tuple[str, list[str]]:
    """`__shared__ T a[4], b;`: a struct with a member for each name, a reference to it; and the structs."""
    parts = split(tuple(statement))
    first = next(i for i, w in enumerate(parts[0]) if w.text == names[0] or w.text == "*")
    base, parts[0] = parts[0][:first], parts[0][first:]
    text, structs = "", [f"__course_shared_{place}_{k}" for k in range(len(names))]
    for struct, name, part in zip(structs, names, parts, strict=True):
        text += (
            f"struct {struct} {{ {' '.join(w.text for w in (*base, *part))}; }}; "
            f"__COURSE_SHARED({struct}, {name}) "
        )
    return text, structs


def _dynamic(line: int, statement: list[Token], names: list[str]) -> str:
    """`extern __shared__ T name[];`, and `T name[][n]`: a pointer to the launch's dynamic shared memory."""
    texts = [w.text for w in statement]
    while texts and texts[0] in ("__align__", "alignas"):
        texts = texts[texts.index(")") + 1 :]
    bracket = texts.index("[") if "[" in texts else -1
    if len(names) != 1 or bracket < 2 or texts[bracket + 1] != "]":
        raise _refused(line, "write extern __shared__ TYPE NAME[];")
    element, extents, name = " ".join(texts[: bracket - 1]), "".join(texts[bracket + 2 :]), names[0]
    if not extents:
        return f"{element}* {name} = __COURSE_DYNAMIC({element}, {name});"
    return (
        f"typedef {element} __course_row_{name}{extents}; __course_row_{name}* {name} = "
        f"__COURSE_DYNAMIC(__course_row_{name}, {name});"
    )


def _refused(line: int, why: str) -> CompileError:
    return CompileError(f"line {line}: {why}", [(line, why)])


def _device(words: tuple[Token, ...], i: int) -> list[tuple[int, int, str]]:
    """A `__device__` or `__constant__` variable at file scope is made known to the inspector by name."""
    end = i
    while end < len(words) and words[end].text not in (";", "{", "=", "("):
        end = closing(words, end) + 1 if words[end].text == "[" else end + 1
    if (
        end >= len(words)
        or words[end].text in ("{", "(")
        or any(w.text == "template" for w in words[max(0, i - 1) : i])
    ):
        return []
    names, semicolon = _declared(words, i + 1)
    place = words[semicolon].end
    return [(place, place, "".join(f" __COURSE_DEVICE({name})" for name in names))]
