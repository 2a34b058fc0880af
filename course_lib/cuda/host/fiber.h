// Context switches in a few instructions: only what the calling convention says a function must preserve.
// (swapcontext also saves the signal mask, by a system call: 210 ns against a few.)
//
//   __course_switch(save, load, result)   leaves this stack at *save, goes on at `load`, which returns `result`
//   __course_barrier, __course_exchange   what a kernel calls: they save the thread, ask the scheduler's C++ function
//                                         of that name with _next where to go on, and go there
//
// The last step is a jump and not a return: the processor predicts returns from the calls of the fiber that waits,
// and would be wrong each time.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct Next {  // comes back in two registers
    void* stack_pointer;
    uint64_t result;  // what the function returns to which the next fiber goes back
};

extern "C" {
__attribute__((visibility("hidden"))) void __course_switch(void** save, void* load, uint64_t result);
Next course_barrier_next(int kind, int predicate, int line, void* stack_pointer);
Next course_exchange_next(int operation_and_width, unsigned mask, uint64_t value, int argument, int line,
                          void* stack_pointer);
}

#define COURSE_TEXT_(x) #x
#define COURSE_TEXT(x) COURSE_TEXT_(x)
#define COURSE_SYMBOL(name) COURSE_TEXT(__USER_LABEL_PREFIX__) #name
#define COURSE_BEGIN(name) ".text\n.p2align 4\n.globl " COURSE_SYMBOL(name) "\n" COURSE_SYMBOL(name) ":\n"

#if defined(__x86_64__)
#define COURSE_SAVE                                                                                    \
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n  subq $8, %rsp\n"
#define COURSE_RESTORE                                                                                 \
    "  addq $8, %rsp\n  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"    \
    "  movq %rdx, %rax\n  popq %rcx\n  jmpq *%rcx\n"
#define COURSE_GO_ON "  movq %rax, %rsp\n" COURSE_RESTORE
__asm__(COURSE_BEGIN(__course_switch) COURSE_SAVE "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n" COURSE_RESTORE);
__asm__(COURSE_BEGIN(__course_barrier) COURSE_SAVE
        "  movq %rsp, %rcx\n  call " COURSE_SYMBOL(course_barrier_next) "\n" COURSE_GO_ON);
__asm__(COURSE_BEGIN(__course_exchange) COURSE_SAVE
        "  movq %rsp, %r9\n  call " COURSE_SYMBOL(course_exchange_next) "\n" COURSE_GO_ON);

// A stack whose first switch "returns" into `start`.
static inline void* course_new_fiber(char* top, void (*start)()) {
    uintptr_t* frame = (uintptr_t*)((uintptr_t)top & ~(uintptr_t)15) - 9;
    memset(frame, 0, 9 * sizeof *frame);
    frame[7] = (uintptr_t)start;
    return frame;
}
#elif defined(__aarch64__)
#define COURSE_SAVE                                                                    \
    "  sub sp, sp, #160\n"                                                             \
    "  stp x19, x20, [sp, #0]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n"  \
    "  stp x25, x26, [sp, #48]\n  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n" \
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n" \
    "  stp d14, d15, [sp, #144]\n"
#define COURSE_RESTORE                                                                 \
    "  ldp x19, x20, [sp, #0]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n"  \
    "  ldp x25, x26, [sp, #48]\n  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n" \
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n" \
    "  ldp d14, d15, [sp, #144]\n"                                                     \
    "  add sp, sp, #160\n  br x30\n"
#define COURSE_GO_ON "  mov sp, x0\n  mov x0, x1\n" COURSE_RESTORE
__asm__(COURSE_BEGIN(__course_switch) COURSE_SAVE
        "  mov x9, sp\n  str x9, [x0]\n  mov sp, x1\n  mov x0, x2\n" COURSE_RESTORE);
__asm__(COURSE_BEGIN(__course_barrier) COURSE_SAVE
        "  mov x3, sp\n  bl " COURSE_SYMBOL(course_barrier_next) "\n" COURSE_GO_ON);
__asm__(COURSE_BEGIN(__course_exchange) COURSE_SAVE
        "  mov x5, sp\n  bl " COURSE_SYMBOL(course_exchange_next) "\n" COURSE_GO_ON);

static inline void* course_new_fiber(char* top, void (*start)()) {
    uintptr_t* frame = (uintptr_t*)((uintptr_t)top & ~(uintptr_t)15) - 20;
    memset(frame, 0, 20 * sizeof *frame);
    frame[11] = (uintptr_t)start;
    return frame;
}
#else
#error "the host runtime knows x86-64 and arm64 only"
#endif
