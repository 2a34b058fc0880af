"""From CUDA C++ to what an ordinary compiler accepts: a few insertions on the same line, so line numbers stay."""

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
    depth = 0
    for i, word in enumerate(words):
        depth += (word.text == "{") - (word.text == "}")
        if word.text == "__shared__":
            edits.append(_shared(words, i, depth))
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
        f' extern "C" __attribute__((visibility("default"), no_sanitize("thread"))) void __course_entry_{kernel.name}(void** arguments)'
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


def _shared(words: tuple[Token, ...], i: int, depth: int) -> tuple[int, int, str]:
    line = words[i].line
    if depth == 0:
        raise CompileError(f"line {line}: declare __shared__ memory inside the kernel that uses it",
                           [(line, "declare shared memory inside a kernel")])  # fmt: skip
    names, end = _declared(words, i + 1)
    if any(word.text == "=" for word in words[i:end]):
        raise CompileError(f"line {line}: __shared__ memory cannot be initialized where it is declared; let threads write it",
                           [(line, "shared memory cannot be initialized here")])  # fmt: skip
    if words[i - 1].text != "extern":
        known = "".join(f" __COURSE_SHARED({name})" for name in names)
        return words[end].end, words[end].end, known
    at = i + 1
    while words[at].text in ("__align__", "alignas"):
        at = closing(words, at + 1) + 1
    bracket = next(k for k in range(at, end + 1) if words[k].text in ("[", ";"))
    element = " ".join(w.text for w in words[at : bracket - 1])
    extents = "".join(w.text for w in words[closing(words, bracket) + 1 : end])
    if len(names) != 1 or words[bracket].text == ";" or words[bracket + 1].text != "]":
        raise CompileError(
            f"line {line}: write extern __shared__ TYPE NAME[];",
            [(line, "write extern __shared__ TYPE NAME[];")],
        )
    pointer = (
        f"{element} (*{names[0]}){extents} = ({element} (*){extents})"
        if extents
        else f"{element}* {names[0]} = ({element}*)"
    )
    text = f'{pointer}__course_dynamic_shared("{names[0]}", sizeof({element}));'
    newlines = sum(w.text.count("\n") for w in words[i - 1 : end + 1]) + words[end].line - words[i - 1].line
    return words[i - 1].start, words[end].end, text + "\n" * newlines


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
