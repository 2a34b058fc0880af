// CUDA's names for an ordinary C++17 compiler: included before every kernel that runs on the host. No header of
// the system or of the C++ library is used, so a kernel sees what NVRTC would show it and nothing more.
#pragma once

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
#define NULL __null
#define __COURSE_INLINE inline __attribute__((always_inline, unused))
#define __COURSE_WORKER_BYTES 134217728  // kWorkerBytes in runtime.h
#define __COURSE_HIDDEN __attribute__((visibility("hidden")))
#ifdef __COURSE_INSPECT
#define __COURSE_UNSEEN __attribute__((noinline, no_sanitize("thread"), unused))  // by the inspector
// All that a kernel calls becomes part of it: a function that returns a struct would write it unseen, wherever its
// caller says.
#define __global__ __attribute__((flatten))
#define __noinline__
#else
#define __COURSE_UNSEEN __COURSE_INLINE
#define __global__
#define __noinline__ __attribute__((noinline))
#endif

#define __device__
#define __host__
#define __constant__ static
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#include "vector_types.h"
#include "device_math.h"
#include "integer_intrinsics.h"
#include "half.h"
#include "threads.h"
#include "atomics.h"
