// Softmax of each row: y[c] = exp(x[c] - max x) / sum_j exp(x[j] - max x), and its gradient
// dx[c] = y[c] (dy[c] - sum_j dy[j] y[j]).
//
// Shapes     x, y, dy, dx (rows, columns) contiguous; y may be x, dx may be dy. mask: bytes (mask_rows, columns), 0
//            hides a value, or NULL; row r goes by mask row r / repeat % mask_rows. A causal mask of (batch, heads,
//            queries, keys) is mask_rows = queries, repeat = 1; one mask per sequence: batch and heads * queries.
// Launch     softmax_naive: one thread per row. softmax_warp, softmax_backward_warp: block (32, warps), a warp per row,
//            columns <= 32. The others: one block of whole warps per row; softmax_fused and softmax_backward_fused
//            hold 16 values per thread: columns <= 16 * threads.
// Traffic    reads of x, of the mask, and writes, per value: naive and block 3, 3, 1; online 2, 2, 1; warp and fused
//            1, 1, 1. Backward reads y and dy once and writes dx once.
// Shared     8 bytes per warp (block, online, fused, backward).
// Tolerance  1e-6, relative to the norm of the result (naive 1e-5: one running sum loses more digits). A row
//            with nothing to choose from (all hidden, or all -infinity) gives zeros; +infinity or NaN in what is not
//            hidden makes the row NaN.
// Source     Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".

const unsigned ALL_LANES = 0xffffffffu;
const int VECTORS = 4;  // float4s that a thread of the fused kernels holds
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

// The largest value seen and the sum of exp(value - largest): all that a row's softmax needs to know.
struct Normalizer { float largest, sum; };

// exp(x - largest), where nothing seen yet (largest = -infinity) counts as 0 and not as infinity - infinity.
__device__ float shifted_exp(float x, float largest) {
    return expf(x - (largest == NEGATIVE_INFINITY ? 0.0f : largest));
}

__device__ Normalizer merge(Normalizer a, Normalizer b) {
    float largest = fmaxf(a.largest, b.largest);
    return {largest, a.sum * shifted_exp(a.largest, largest) + b.sum * shifted_exp(b.largest, largest)};
}

__device__ float inverse(float sum) { return sum == 0.0f ? 0.0f : 1.0f / sum; }

__device__ float visible(float x, const unsigned char* mask, int column) {
    return mask == nullptr || mask[column] ? x : NEGATIVE_INFINITY;
}

__device__ const unsigned char* mask_of(const unsigned char* mask, int row, int columns, int mask_rows, int repeat) {
    return mask == nullptr ? nullptr : mask + (size_t)(row / repeat % mask_rows) * columns;
}

__device__ float warp_max(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, lanes));
    return value;
}

__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

__device__ Normalizer merge_warp(Normalizer mine) {
    float largest = warp_max(mine.largest);
    return {largest, warp_sum(mine.sum * shifted_exp(mine.largest, largest))};
}

// The normalizer of all threads of the block, in all threads.
__device__ Normalizer merge_block(Normalizer mine) {
    __shared__ float largest[32], sum[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    mine = merge_warp(mine);
    if (lane == 0) largest[warp] = mine.largest, sum[warp] = mine.sum;
    __syncthreads();
    Normalizer of_warp = {NEGATIVE_INFINITY, 0.0f};
    if (lane < blockDim.x / 32) of_warp = {largest[lane], sum[lane]};
    return merge_warp(of_warp);
}

// Four neighboring values, `outside` where there are none.
__device__ float4 load4(const float* row, int column, int columns, float outside) {
    const float* p = row + column;
    if ((size_t)p % 16 == 0 && column + 4 <= columns) return *(const float4*)p;
    float4 v = make_float4(outside, outside, outside, outside);
    if (column < columns) v.x = p[0];
    if (column + 1 < columns) v.y = p[1];
    if (column + 2 < columns) v.z = p[2];
    if (column + 3 < columns) v.w = p[3];
    return v;
}

__device__ float4 visible4(float4 v, const unsigned char* mask, int column, int columns) {
    if (mask != nullptr && (size_t)(mask + column) % 4 == 0 && column + 4 <= columns) {
        uchar4 see = *(const uchar4*)(mask + column);
        return make_float4(see.x ? v.x : NEGATIVE_INFINITY, see.y ? v.y : NEGATIVE_INFINITY,
                           see.z ? v.z : NEGATIVE_INFINITY, see.w ? v.w : NEGATIVE_INFINITY);
    }
    if (column < columns) v.x = visible(v.x, mask, column);
    if (column + 1 < columns) v.y = visible(v.y, mask, column + 1);
    if (column + 2 < columns) v.z = visible(v.z, mask, column + 2);
    if (column + 3 < columns) v.w = visible(v.w, mask, column + 3);
    return v;
}

__device__ void store4(float* row, int column, int columns, float4 v) {
    if ((size_t)(row + column) % 16 == 0 && column + 4 <= columns) {
        *(float4*)(row + column) = v;
        return;
    }
    if (column < columns) row[column] = v.x;
    if (column + 1 < columns) row[column + 1] = v.y;
    if (column + 2 < columns) row[column + 2] = v.z;
    if (column + 3 < columns) row[column + 3] = v.w;
}

// One thread per row, three passes; neighboring threads read a row apart.
extern "C" __global__ void softmax_naive(const float* x, const unsigned char* mask, float* y, int rows, int columns,
                                         int mask_rows, int repeat) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += (size_t)row * columns, y += (size_t)row * columns, mask = mask_of(mask, row, columns, mask_rows, repeat);
    float largest = NEGATIVE_INFINITY, sum = 0.0f;
    for (int c = 0; c < columns; ++c) largest = fmaxf(largest, visible(x[c], mask, c));
    for (int c = 0; c < columns; ++c) sum += shifted_exp(visible(x[c], mask, c), largest);
    for (int c = 0; c < columns; ++c) y[c] = shifted_exp(visible(x[c], mask, c), largest) * inverse(sum);
}

// One block per row, the same three passes, now over neighboring addresses.
extern "C" __global__ void softmax_block(const float* x, const unsigned char* mask, float* y, int columns,
                                         int mask_rows, int repeat) {
    size_t row = blockIdx.x;
    x += row * columns, y += row * columns, mask = mask_of(mask, row, columns, mask_rows, repeat);
    Normalizer all = {NEGATIVE_INFINITY, 0.0f};
    for (int c = threadIdx.x; c < columns; c += blockDim.x) all.largest = fmaxf(all.largest, visible(x[c], mask, c));
    all.largest = merge_block(all).largest;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) all.sum += shifted_exp(visible(x[c], mask, c), all.largest);
    __syncthreads();  // all have read the first result before the second takes its place
    all = merge_block(all);
    for (int c = threadIdx.x; c < columns; c += blockDim.x)
        y[c] = shifted_exp(visible(x[c], mask, c), all.largest) * inverse(all.sum);
}

// Largest and sum in one pass: when a larger value comes, what was summed so far is scaled down.
extern "C" __global__ void softmax_online(const float* x, const unsigned char* mask, float* y, int columns,
                                          int mask_rows, int repeat) {
    size_t row = blockIdx.x;
    x += row * columns, y += row * columns, mask = mask_of(mask, row, columns, mask_rows, repeat);
    Normalizer all = {NEGATIVE_INFINITY, 0.0f};
    for (int c = threadIdx.x; c < columns; c += blockDim.x) all = merge(all, {visible(x[c], mask, c), 1.0f});
    all = merge_block(all);
    for (int c = threadIdx.x; c < columns; c += blockDim.x)
        y[c] = shifted_exp(visible(x[c], mask, c), all.largest) * inverse(all.sum);
}

// A short row in one warp: a value per lane, no shared memory, no barrier.
extern "C" __global__ void softmax_warp(const float* x, const unsigned char* mask, float* y, int rows, int columns,
                                        int mask_rows, int repeat) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, c = threadIdx.x;
    if (row >= rows) return;  // the whole warp leaves
    x += (size_t)row * columns, y += (size_t)row * columns, mask = mask_of(mask, row, columns, mask_rows, repeat);
    float value = c < columns ? visible(x[c], mask, c) : NEGATIVE_INFINITY;
    float numerator = shifted_exp(value, warp_max(value)), denominator = warp_sum(numerator);
    if (c < columns) y[c] = numerator * inverse(denominator);
}

// The row stays in registers between the passes: one read and one write, 16 bytes each.
extern "C" __global__ void __launch_bounds__(1024)
softmax_fused(const float* x, const unsigned char* mask, float* y, int columns, int mask_rows, int repeat) {
    size_t row = blockIdx.x;
    x += row * columns, y += row * columns, mask = mask_of(mask, row, columns, mask_rows, repeat);
    float4 v[VECTORS];
    Normalizer mine = {NEGATIVE_INFINITY, 0.0f};
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) v[i] = load4(x, 4 * (threadIdx.x + i * blockDim.x), columns, NEGATIVE_INFINITY);
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        v[i] = visible4(v[i], mask, 4 * (threadIdx.x + i * blockDim.x), columns);
        mine.largest = fmaxf(mine.largest, fmaxf(fmaxf(v[i].x, v[i].y), fmaxf(v[i].z, v[i].w)));
    }
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        v[i] = make_float4(shifted_exp(v[i].x, mine.largest), shifted_exp(v[i].y, mine.largest),
                           shifted_exp(v[i].z, mine.largest), shifted_exp(v[i].w, mine.largest));
        mine.sum += (v[i].x + v[i].y) + (v[i].z + v[i].w);
    }
    Normalizer all = merge_block(mine);
    float scale = shifted_exp(mine.largest, all.largest) * inverse(all.sum);
#pragma unroll
    for (int i = 0; i < VECTORS; ++i)
        store4(y, 4 * (threadIdx.x + i * blockDim.x), columns,
               make_float4(v[i].x * scale, v[i].y * scale, v[i].z * scale, v[i].w * scale));
}

extern "C" __global__ void softmax_backward_warp(const float* y, const float* dy, float* dx, int rows, int columns) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, c = threadIdx.x;
    if (row >= rows) return;
    size_t i = (size_t)row * columns + c;
    float probability = c < columns ? y[i] : 0.0f, gradient = c < columns ? dy[i] : 0.0f;
    float dot = warp_sum(probability * gradient);
    if (c < columns) dx[i] = probability * (gradient - dot);
}

extern "C" __global__ void __launch_bounds__(1024)
softmax_backward_fused(const float* y, const float* dy, float* dx, int columns) {
    size_t row = blockIdx.x;
    y += row * columns, dy += row * columns, dx += row * columns;
    float4 p[VECTORS], g[VECTORS];
    float dot = 0.0f;
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        int column = 4 * (threadIdx.x + i * blockDim.x);
        p[i] = load4(y, column, columns, 0.0f), g[i] = load4(dy, column, columns, 0.0f);
    }
#pragma unroll
    for (int i = 0; i < VECTORS; ++i)
        dot += (p[i].x * g[i].x + p[i].y * g[i].y) + (p[i].z * g[i].z + p[i].w * g[i].w);
    dot = merge_block({0.0f, dot}).sum;  // with the same largest everywhere, merging adds
#pragma unroll
    for (int i = 0; i < VECTORS; ++i)
        store4(dx, 4 * (threadIdx.x + i * blockDim.x), columns,
               make_float4(p[i].x * (g[i].x - dot), p[i].y * (g[i].y - dot), p[i].z * (g[i].z - dot),
                           p[i].w * (g[i].w - dot)));
}
