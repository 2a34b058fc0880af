// Reduction along the last axis: out[r] = sum_c x[r][c], or max_c x[r][c].
//
// Shapes     x (rows, columns) contiguous, out (rows). reduce_grid: out (rows, gridDim.x), one partial result a
//            block; launched again on that array with one block per row it gives out (rows).
// Launch     reduce_serial: one thread per row. reduce_shared: one block per row, a power of two threads.
//            reduce_warp: one block per row, whole warps. reduce_grid: grid (parts, rows), whole warps.
// Traffic    1 read per value, 1 write per row (reduce_grid: per block); reduce_grid in accesses of 16 bytes.
// Shared     4 bytes per thread (reduce_shared), 4 bytes per warp (reduce_warp, reduce_grid).
// Tolerance  sum: 1e-6 of the sum of magnitudes; max: exact. An empty row sums to 0 and has the maximum -infinity.
//            NaN in a row makes both NaN.
// Source     Harris, "Optimizing Parallel Reduction in CUDA"; Luitjens, "Faster Parallel Reductions on Kepler".

enum Reduction { SUM, MAX };
const unsigned ALL_LANES = 0xffffffffu;

__device__ float identity(int reduction) { return reduction == MAX ? __int_as_float(0xff800000) : 0.0f; }

__device__ float combine(int reduction, float a, float b) {
    if (reduction == MAX) return a > b || isnan(a) ? a : b;
    return a + b;
}

__device__ float reduce_warp_values(int reduction, float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value = combine(reduction, value, __shfl_xor_sync(ALL_LANES, value, lanes));
    return value;
}

// Warps reduce by shuffles, and the first warp reduces their results; valid in thread 0.
__device__ float reduce_block_values(int reduction, float value) {
    __shared__ float of_warp[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    value = reduce_warp_values(reduction, value);
    if (lane == 0) of_warp[warp] = value;
    __syncthreads();
    if (warp > 0) return value;
    return reduce_warp_values(reduction, lane < blockDim.x / 32 ? of_warp[lane] : identity(reduction));
}

// One thread per row: neighboring threads read addresses that are a row apart.
extern "C" __global__ void reduce_serial(const float* x, float* out, int rows, int columns, int reduction) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    float total = identity(reduction);
    for (int c = 0; c < columns; ++c) total = combine(reduction, total, x[(size_t)row * columns + c]);
    out[row] = total;
}

// One block per row: neighboring threads read neighboring values; half of the threads drop out at each level.
extern "C" __global__ void reduce_shared(const float* x, float* out, int columns, int reduction) {
    __shared__ float partial[1024];
    const float* row = x + (size_t)blockIdx.x * columns;
    float total = identity(reduction);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) total = combine(reduction, total, row[c]);
    partial[threadIdx.x] = total;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            partial[threadIdx.x] = combine(reduction, partial[threadIdx.x], partial[threadIdx.x + half]);
        __syncthreads();
    }
    if (threadIdx.x == 0) out[blockIdx.x] = partial[0];
}

// The same with shuffles: no barrier per level, and shared memory only between warps.
extern "C" __global__ void reduce_warp(const float* x, float* out, int columns, int reduction) {
    const float* row = x + (size_t)blockIdx.x * columns;
    float total = identity(reduction);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) total = combine(reduction, total, row[c]);
    total = reduce_block_values(reduction, total);
    if (threadIdx.x == 0) out[blockIdx.x] = total;
}

// Several blocks per row for long rows, 16 bytes per access, four independent sums per thread.
extern "C" __global__ void reduce_grid(const float* x, float* out, int columns, int reduction) {
    const float* row = x + (size_t)blockIdx.y * columns;
    size_t first = (size_t)blockIdx.x * blockDim.x + threadIdx.x, stride = (size_t)gridDim.x * blockDim.x;
    int head = min((int)((16 - (size_t)row % 16) % 16 / 4), columns);  // values before the first multiple of 16 bytes
    int vectors = (columns - head) / 4, tail = head + 4 * vectors;
    const float4* row4 = (const float4*)(row + head);
    float none = identity(reduction);
    float4 total = make_float4(none, none, none, none);
#pragma unroll 4
    for (size_t i = first; i < vectors; i += stride) {
        float4 v = row4[i];
        total.x = combine(reduction, total.x, v.x);
        total.y = combine(reduction, total.y, v.y);
        total.z = combine(reduction, total.z, v.z);
        total.w = combine(reduction, total.w, v.w);
    }
    if (first < head) total.x = combine(reduction, total.x, row[first]);
    if (tail + first < columns) total.y = combine(reduction, total.y, row[tail + first]);
    float result = combine(reduction, combine(reduction, total.x, total.y), combine(reduction, total.z, total.w));
    result = reduce_block_values(reduction, result);
    if (threadIdx.x == 0) out[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = result;
}
