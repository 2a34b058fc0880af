"""What a student's source may not contain: refused before a compiler sees it, with the line.

The rules keep a kernel to device code: no headers, no assembler, no host functions, no code that runs when
the library is loaded, no reserved names. They stand beside the process of its own that the kernel runs in.
"""

import re
from functools import lru_cache

from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, tokens
from course_lib.cuda.macros import expanded
from course_lib.cuda.scopes import Declaration, declarations

MOST_CHARACTERS = 1_000_000  # of a source; reading one takes memory many times its length
_DIRECTIVES = {"define", "undef", "if", "ifdef", "ifndef", "else", "elif", "endif", "pragma"}
_WORDS = {
    "asm": "assembler (asm)",
    "goto": "goto",
    "new": "new (device code here has no heap)",
    "delete": "delete (device code here has no heap)",
    "throw": "exceptions",
    "try": "exceptions",
    "typeid": "typeid",
    "virtual": "virtual functions",
    "dynamic_cast": "dynamic_cast",
    "thread_local": "thread_local",
    "import": "import",
    "module": "module",
    "co_await": "coroutines",
    "co_yield": "coroutines",
    "co_return": "coroutines",
}
# CUDA's own names with two underscores; every other such name belongs to the compiler.
_CUDA_NAMES = re.compile(
    r"__(global|device|shared|constant|restrict|launch_bounds|maxnreg|forceinline|noinline|inline|align|grid_constant)"
    r"__$|__restrict$"
    r"|__(syncthreads(_count|_and|_or)?|syncwarp|activemask|threadfence(_block|_system)?|nanosleep|trap)$"
    r"|__(shfl|shfl_up|shfl_down|shfl_xor|all|any|ballot|match_any|match_all|reduce_(add|min|max|and|or|xor))_sync$"
    r"|__(ldg|ldcg|ldca|ldcs|ldlu|ldcv|stcg|stcs|stwb|stwt)$"
    r"|__(popc|popcll|clz|clzll|ffs|ffsll|brev|brevll|byte_perm|funnelshift_[lr]c?|dp4a|dp2a_(lo|hi))$"
    r"|__(mulhi|umulhi|mul64hi|umul64hi|mul24|umul24|hadd|rhadd|uhadd|urhadd|sad|usad)$"
    r"|__saturatef$|__fdividef$|__(exp|exp10|log|log2|log10|pow|sin|cos|tan|tanh|sincos)f$"
    r"|__f(add|sub|mul|div|maf|rcp|sqrt|rsqrt|ma)_rn$|__d(add|sub|mul|div|rcp|sqrt)_rn$"
    r"|__(float|double)2u?(int|ll)_r[nzud]$|__(int|uint|ll|ull|double)2(float|double)_rn$"
    r"|__(float|int|uint|double|longlong)_as_(int|uint|float|longlong|double)$"
    r"|__half2?$|__nv_bfloat16(2)?$|__h2div$|__lowhigh2highlow$"
    r"|__h(add|sub|mul|div|neg|abs|fma|max|min|lt|le|gt|ge|eq|ne|isnan|isinf)2?$"
    r"|__(float|double|u?int|u?short|half|floats|halves|lows?|highs?|bfloat)"
    r"\w*?(half|float|bfloat16|u?int|u?short)\w*$"
    r"|__CUDA_ARCH__$|__LINE__$|__cplusplus$"
)
# Before the colons of an attribute that is a compiler's own: it can take a function out of the inspector's
# sight, or have it run when the library is loaded.
_VENDORS = {"gnu", "clang"}
_BEFORE_NAMES = {"case", "struct", "class", "enum", "union", "return", "sizeof"}
_FUNCTION_MARKS = {"__device__", "__global__"}


def check_rules(source: str) -> None:
    """Raises CompileError that lists each thing the source may not contain, with its line."""
    if len(source) > MOST_CHARACTERS:
        raise CompileError(f"a source may have {MOST_CHARACTERS:,} characters; this one has {len(source):,}")
    if refused := _refused(source):
        text, problems = refused
        raise CompileError(text, list(problems))


@lru_cache(maxsize=16)  # each check of a test compiles the same source
def _refused(source: str) -> tuple[str, tuple[tuple[int, str], ...]] | None:
    """The message and what it lists, for a source that may not be compiled."""
    problems = [*_odd_characters(source)]
    words = tokens(source)
    for i, word in enumerate(words):
        problems += _forbidden_word(words, i, word)
    try:
        problems = problems or _declarations(source)
    except CompileError as error:
        return str(error), tuple(error.problems)
    text = "\n".join(f"kernel.cu, line {line}: {what}" for line, what in problems)
    return (text, tuple(problems)) if problems else None


def _odd_characters(source: str) -> list[tuple[int, str]]:
    """Spellings that would let a forbidden word pass unseen: trigraphs, raw strings."""
    patterns = {
        r"\?\?[=/'()!<>-]": "trigraphs are not allowed",
        r"\b(?:u8|[uUL])?R\"": "raw strings are not allowed",
    }
    found = []
    for pattern, what in patterns.items():
        found += [(source.count("\n", 0, m.start()) + 1, what) for m in re.finditer(pattern, source)]
    return found


def _forbidden_word(words: tuple[Token, ...], i: int, word: Token) -> list[tuple[int, str]]:
    if word.kind == "directive":
        return _directive(word)
    if word.kind == "mark":
        if word.text == "\\":
            return [(word.line, "a word may not go on in the next line: put the \\ between two words")]
        if not word.text.isascii():
            return [(word.line, f"the character {word.text} is not allowed in code")]
        if word.text in ("##", "%:", "#"):
            return [(word.line, f"{word.text} is not allowed")]
        if word.text in ("<<<", ">>>"):
            return [(word.line, "a kernel is launched from Python: module[name](grid, block, args)")]
    if word.kind == "name":
        return [(word.line, what) for what in _name(word.text)] + _extern(words, i, word)
    if word.text == ":" and _is_bit_field(words, i):
        return [(word.line, "bit-fields are not allowed")]
    return []


def _is_bit_field(words: tuple[Token, ...], colon: int) -> bool:
    """Whether `TYPE NAME :` stands here, outside of a for loop. Of a bit-field's accesses, whose sizes may be
    none of the processor's, the inspector is not always told.
    """
    before = words[max(0, colon - 2) : colon]
    if len(before) < 2 or any(word.kind != "name" for word in before) or before[0].text in _BEFORE_NAMES:
        return False
    start = next((i for i in range(colon, -1, -1) if words[i].text in ("(", "{", "}", ";")), 0)
    return words[start].text != "(" or words[start - 1].text != "for"


def _name(name: str) -> list[str]:
    if name in _WORDS:
        return [f"{_WORDS[name]} is not allowed"]
    if name == "__host__":
        return ["host functions are not allowed: mark the function __device__"]
    if name in _VENDORS:
        return [f"attributes of a compiler ({name}::) are not allowed, and no other thing of that name is"]
    if name == "__attribute__":
        return ["attributes of a compiler (__attribute__) are not allowed; CUDA's own and [[...]] are"]
    if name.startswith("__") and not _CUDA_NAMES.match(name):
        return [f"the name {name} is not CUDA's; names that begin with two underscores are reserved"]
    if re.match(r"_[A-Z]", name):
        return [f"the name {name} is reserved, as all that begin with an underscore and a capital letter are"]
    return []


def _extern(words: tuple[Token, ...], i: int, word: Token) -> list[tuple[int, str]]:
    if word.text != "extern":
        return []
    rest = words[i + 1 : i + 20]
    end = next((k for k, w in enumerate(rest) if w.text in (";", "(", "{", "=", "[")), len(rest))
    if (rest[:1] and rest[0].text in ('"C"', '"C++"')) or "__shared__" in (w.text for w in rest[:end]):
        return []
    return [(word.line, 'extern stands before __shared__, or as extern "C", and nowhere else')]


def _directive(word: Token) -> list[tuple[int, str]]:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", word.text.replace("\\\n", ""), flags=re.S)
    parts = re.match(r"\s*#\s*(\w*)(.*)", text, re.S)
    name, rest = parts[1], parts[2]
    if name == "include":
        return [(word.line, "headers are not allowed: CUDA's own functions are there without any")]
    if name not in _DIRECTIVES:
        return [(word.line, f"#{name} is not allowed")]
    if name == "pragma" and rest.split()[:1] not in (["unroll"], ["once"]):
        return [(word.line, "the only pragma allowed is #pragma unroll")]
    problems = [(word.line, "## is not allowed")] if "##" in rest or "%:" in rest else []
    texts = {token.text for token in tokens(rest)}
    if name == "define" and ":" in texts and not texts & {"?", "case", "default"}:
        problems.append((word.line, "a colon in a macro stands behind ?, case or default"))
    for token in tokens(rest):
        if token.kind == "name":
            problems += [(word.line, what) for what in _name(token.text)]
    return problems


def _declarations(source: str) -> list[tuple[int, str]]:
    """Declarations outside of functions: functions are device code, variables device memory."""
    problems = []
    for declaration in declarations(expanded(source)):
        if declaration.kind in ("function", "variable"):
            problems += _plain_declaration(declaration)
    return problems


def _plain_declaration(declaration: Declaration) -> list[tuple[int, str]]:
    line, texts, in_class = declaration.head[0].line, declaration.texts, declaration.in_class
    has_body = declaration.body is not None
    if "__global__" in texts and not has_body:
        return [(line, "a kernel is written down where it is declared: this one has no body")]
    if declaration.kind == "function":
        if _FUNCTION_MARKS & set(texts) or (in_class and not has_body and "default" in texts):
            return []
        return [(line, "this function is host code: mark it __device__ (or __global__, for a kernel)")]
    if in_class:
        return []
    if not {"__device__", "__constant__", "constexpr", "const", "__shared__"} & set(texts):
        return [(line, "a variable outside of functions must be __device__, __constant__ or constexpr")]
    initial = texts[texts.index("=") :] if "=" in texts else []
    if "(" in initial and "constexpr" not in texts:
        return [
            (
                line,
                "a variable outside of functions may not be computed by a call: static constructors are "
                "not allowed",
            )
        ]
    return []
