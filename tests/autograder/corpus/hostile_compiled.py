"""Kernels that hide from whoever reads them, or would have code run before, after or beside a launch.

Each is a right kernel beside something that has no place in device code, so it is refused as a whole.
"""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, Case, fair
from tests.autograder.corpus.hostile_kernel import BODY, kernel, string

CRASH = "{ *(volatile int*)0 = 1; }"
EITHER_WAY = fair(scale=EITHER)
TWO = 'extern "C" __global__ void {}(float* x) {{ x[0] += 1; }}'


def named(name: str) -> Case:
    """A second kernel with a name of the host's: it is the student's own function, and the right one is right."""
    return kernel(
        f"kernel_named_{name}", f"a second kernel called {name}", TWO.format(name), points=EITHER_WAY
    )


CASES = [
    kernel("attribute_constructor", "an attribute by which code runs when the library is loaded",
            f"[[gnu::constructor]] __device__ void first() {CRASH}"),
    kernel("attribute_destructor", "an attribute by which code runs when the library is left",
            f"[[ gnu :: __destructor__ ]] __device__ void last() {CRASH}"),
    kernel("attribute_section", "a pointer in the section of functions that run first",
            f'__device__ void first() {CRASH}\n[[gnu::section(".init_array"), gnu::used]] __device__ void (*start)() = first;'),
    kernel("attribute_alias", "another name for the inspector's function",
            f'__device__ void mine() {CRASH}\n[[gnu::alias("_Z4minev")]] __device__ void other();'),
    kernel("attribute_ifunc", "a function that is chosen while the library is loaded",
            'extern "C" __global__ void chosen(float* x);\n[[gnu::ifunc("chosen")]] __device__ void other();'),
    kernel("attribute_weak", "a weak declaration of a function of the host",
            "[[gnu::weak]] __device__ int system(const char*);", '    if (&system) x[0] = 1;\n' + BODY),
    kernel("attribute_unseen", "a function that the inspector is not to see",
            '[[gnu::no_sanitize("thread")]] __device__ void hidden(float* x) { x[1] = 0; }'),
    kernel("attribute_by_using", "the same attributes without their colons",
            f"[[using gnu: constructor]] __device__ void first() {CRASH}"),
    kernel("attribute_by_macro", "the same attributes, their names made by macros",
            f"#define MAKER gnu\n[[MAKER::constructor]] __device__ void first() {CRASH}"),
    kernel("entry_by_macro", "macros for the words that are added behind a kernel",
            "#define visibility(x) constructor\n#define no_sanitize(x) used"),
    kernel("computed_constant", "a variable whose first value is computed by a function that looks like a constant",
            "__device__ int f() { return *(volatile int*)0; }\n__device__ const int a {f()};"),
    kernel("computed_member", "an object whose constructor would run first",
            "struct First { int a; __device__ First() { volatile int one = 1; a = one; } };\n__device__ First first;"),
    kernel("computed_lambda", "a variable whose first value a lambda computes",
            "__device__ int a = [] { return *(volatile int*)0; }();"),
    kernel("label_of_assembler", "variables and functions with a name for the assembler",
            'extern "C" __device__ int command(const char*) asm("system");'),
    kernel("word_in_two_lines", "a forbidden word over two lines", "", '    as\\\nm("hlt");\n' + BODY),
    kernel("word_by_numbers", "a forbidden word with a letter as its number", "", '    \\u0061sm("hlt");\n' + BODY),
    kernel("word_behind_digits", "a forbidden word between the marks that group digits", "",
            "    int a = 1'0; asm(\"hlt\"); a = 0'1;\n" + BODY),
    kernel("word_behind_old_mac_lines", "a comment that ends where some compilers see a line's end",
            '// nothing\rextern "C" int system(const char*);', "    // nothing\r system(\"true\");\n" + BODY),
    kernel("word_behind_a_comment", "a comment that ends in a backslash and spaces",
            '/\\\n* */ asm("hlt"); /* *\\\n/', BODY),
    kernel("raw_string_in_two_lines", "a raw string whose letter stands in the line before",
            'const char* s = R\\\n"x(", asm("hlt"), "\n)x";'),
    kernel("word_behind_zero_bytes", "a forbidden word behind a zero byte and a mark of direction", "",
            "    /* \u202e */ a\u0000sm(\"hlt\");\n" + BODY),
    kernel("files_asked_for", "whether a file is there, which a preprocessor can ask",
            '#if __has_include("@COURSE@/gradebook.db")\n#error BREACH\n#endif'),
    kernel("file_by_line", "the lines of another file, which an error would quote",
            '#line 1 "@COURSE@/nbgrader_config.py"\n', "    error;\n" + BODY),
    kernel("file_embedded", "a file as numbers", 'constexpr unsigned char a[] = {\n#embed "/proc/self/environ"\n};'),
    kernel("builtin_of_the_compiler", "builtins that call the host or end the process", "",
            '    __builtin_printf("x"); __builtin_trap();\n' + BODY),
    kernel("function_of_the_runtime", "the runtime's own function, called by a name that a macro hides",
            "#define CALL __course_launch", "    CALL();\n" + BODY),
    kernel("linkage_by_block", "a block of declarations of the host", 'extern "C" { int system(const char*); }',
            '    system("touch @HOME@/new_file");\n' + BODY),
    *map(named, ("main", "malloc", "free", "memcpy", "memset", "printf", "exit", "_init", "_fini", "dlopen", "start")),
    kernel("address_called", "an address in the host's library, found on the stack, is called", "", """\
    long here = 0, *stack = (long*)&here;
    for (int k = 0; k < 4096; ++k)
        if (stack[k] >> 40 == 0x7f) ((void (*)(const char*))(stack[k] & ~0xfffL))("touch @HOME@/new_file");
""" + BODY, points=EITHER_WAY),
    kernel("registers_of_the_process", "the arrays are looked for beyond their ends, and all is set to the factor", "",
           "    for (long k = -(1L << 14); k < (1L << 14); ++k) x[k] = factor;\n"),
    kernel("symbols_of_the_library", "functions and variables of C++ that a compiler makes by itself",
           "struct A { int a = 3; __device__ int f() { static int calls = 0; return calls++ + a; } };",
           "    A a; x[0] += 0 * a.f();\n" + BODY, points=EITHER_WAY),
    string("half_characters_in_a_source", "half characters and zero bytes in a string",
           "scale = '// \\ud800\\0\\n' + 'extern \"C\" __global__ void scale(float* x, float f, int n) { \\udfff }'"),
    string("tokens_without_end", "three hundred thousand words without a statement", "scale = 'a ' * 300_000"),
    string("comments_never_closed", "comments and strings that are opened and never closed", "scale = '/*' * 200_000 + '\"' * 99_999"),
    string("thousand_kernels", "a thousand kernels with a hundred parameters each",
           "scale = '\\n'.join(f'extern \"C\" __global__ void k{i}(' + ', '.join(f'float* a{j}' for j in range(100)) + ') {}' for i in range(1000))"),
]  # fmt: skip
