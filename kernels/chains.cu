// Softmax and layer normalization as chains: one kernel for each operation, as a library of tensors launches them. Every
// step reads whole tensors and writes a whole one; the fused kernels of softmax.cu and layernorm.cu do the same in one.
//
// Chains     softmax: scale, hide_by_index or hide_by_bytes, row_max, subtract_rows, exponential, row_sum, divide_rows.
//            softmax backward: multiply (y dy), row_sum, subtract_rows (from dy), multiply (by y), scale.
//            layernorm: add (the residual), row_mean, subtract_rows, square, row_mean, reciprocal_root, multiply_rows,
//            multiply_columns (gamma), add_columns (beta).
//            layernorm backward, h what multiply_rows gave forward: multiply (dy h), column_sum (dgamma), column_sum
//            (dbeta, of dy), multiply_columns (g = dy gamma), row_mean (g), multiply (g h), row_mean, subtract_rows
//            (mean g from g), multiply_rows (h), subtract, multiply_rows (by rstd).
// Shapes     x, y, out (rows, columns) contiguous, n = rows columns values; row (rows), column (columns). A causal
//            mask of (batch, heads, queries, keys): the last query stands at the last key; lengths (batch) or NULL.
// Launch     row_max, row_sum, row_mean: one block of whole warps per row. column_sum: block (32, 8), a block for 32
//            columns. The others: one thread per value.
// Traffic    reads and writes per value: scale, exponential, square 1 and 1; hide_* 2 and 1 (1 and 1 without
//            lengths); row_* and column_sum 1 and 0; the others 2 and 1. So the chains move 15, 12, 19 and 25 values
//            where fused kernels move 2, 3, 4 and 3.
// Shared     4 bytes per warp (row_*); 1 KB (column_sum).
// Tolerance  1e-6, relative to the norm of the result. A row in which everything is hidden becomes NaN: its largest
//            value is -infinity, and -infinity minus itself is not a number.
// Source     the operations of PyTorch's eager mode; Wang et al. 2021, LightSeq, fuses these chains.

const unsigned ALL_LANES = 0xffffffffu;
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

// Which value of the tensor a thread computes.
__device__ size_t place() { return (size_t)blockIdx.x * blockDim.x + threadIdx.x; }

extern "C" __global__ void scale(const float* x, float* out, int n, float factor) {
    size_t i = place();
    if (i < n) out[i] = x[i] * factor;
}

extern "C" __global__ void exponential(const float* x, float* out, int n) {
    size_t i = place();
    if (i < n) out[i] = expf(x[i]);
}

extern "C" __global__ void square(const float* x, float* out, int n) {
    size_t i = place();
    if (i < n) out[i] = x[i] * x[i];
}

extern "C" __global__ void reciprocal_root(const float* x, float* out, int n, float epsilon) {
    size_t i = place();
    if (i < n) out[i] = rsqrtf(x[i] + epsilon);
}

extern "C" __global__ void add(const float* x, const float* y, float* out, int n) {
    size_t i = place();
    if (i < n) out[i] = x[i] + y[i];
}

extern "C" __global__ void subtract(const float* x, const float* y, float* out, int n) {
    size_t i = place();
    if (i < n) out[i] = x[i] - y[i];
}

extern "C" __global__ void multiply(const float* x, const float* y, float* out, int n) {
    size_t i = place();
    if (i < n) out[i] = x[i] * y[i];
}

// -infinity in place of what a query may not see: keys after its own, and those behind the end of its sequence.
extern "C" __global__ void hide_by_index(const float* x, const int* lengths, float* out, int n, int heads, int queries,
                                         int keys, int causal) {
    size_t i = place();
    if (i >= n) return;
    int key = i % keys, query = i / keys % queries, length = keys;
    if (lengths != nullptr) length = lengths[i / keys / queries / heads];
    float value = x[i];
    out[i] = key < length && (!causal || key <= query + keys - queries) ? value : NEGATIVE_INFINITY;
}

// The same by a mask (mask_rows, columns) of bytes, 0 to hide; row r goes by mask row r / repeat % mask_rows.
extern "C" __global__ void hide_by_bytes(const float* x, const unsigned char* mask, float* out, int n, int columns,
                                         int mask_rows, int repeat) {
    size_t i = place();
    if (i >= n) return;
    float value = x[i];
    out[i] = mask[i / columns / repeat % mask_rows * columns + i % columns] ? value : NEGATIVE_INFINITY;
}

// A number of each row with every value of that row.
extern "C" __global__ void subtract_rows(const float* x, const float* row, float* out, int n, int columns) {
    size_t i = place();
    if (i < n) out[i] = x[i] - row[i / columns];
}

extern "C" __global__ void multiply_rows(const float* x, const float* row, float* out, int n, int columns) {
    size_t i = place();
    if (i < n) out[i] = x[i] * row[i / columns];
}

extern "C" __global__ void divide_rows(const float* x, const float* row, float* out, int n, int columns) {
    size_t i = place();
    if (i < n) out[i] = x[i] / row[i / columns];
}

// A number of each column with every value of that column.
extern "C" __global__ void add_columns(const float* x, const float* column, float* out, int n, int columns) {
    size_t i = place();
    if (i < n) out[i] = x[i] + column[i % columns];
}

extern "C" __global__ void multiply_columns(const float* x, const float* column, float* out, int n, int columns) {
    size_t i = place();
    if (i < n) out[i] = x[i] * column[i % columns];
}

// The sum over all threads of the block, valid in the first warp.
__device__ float block_sum(float value) {
    __shared__ float of_warp[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    if (lane == 0) of_warp[warp] = value;
    __syncthreads();
    if (warp > 0) return value;
    value = lane < blockDim.x / 32 ? of_warp[lane] : 0.0f;
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

__device__ float row_total(const float* x, int columns) {
    float sum = 0.0f;
    x += (size_t)blockIdx.x * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) sum += x[c];
    return block_sum(sum);
}

extern "C" __global__ void row_sum(const float* x, float* row, int columns) {
    float sum = row_total(x, columns);
    if (threadIdx.x == 0) row[blockIdx.x] = sum;
}

extern "C" __global__ void row_mean(const float* x, float* row, int columns) {
    float sum = row_total(x, columns);
    if (threadIdx.x == 0) row[blockIdx.x] = sum / columns;
}

extern "C" __global__ void row_max(const float* x, float* row, int columns) {
    __shared__ float of_warp[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float largest = NEGATIVE_INFINITY;
    x += (size_t)blockIdx.x * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) largest = fmaxf(largest, x[c]);
    for (int lanes = 16; lanes > 0; lanes /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, lanes));
    if (lane == 0) of_warp[warp] = largest;
    __syncthreads();
    if (warp > 0) return;
    largest = lane < blockDim.x / 32 ? of_warp[lane] : NEGATIVE_INFINITY;
    for (int lanes = 16; lanes > 0; lanes /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, lanes));
    if (threadIdx.x == 0) row[blockIdx.x] = largest;
}

// Eight threads per column go down the rows; a warp reads 32 neighboring columns.
extern "C" __global__ void column_sum(const float* x, float* column, int rows, int columns) {
    __shared__ float partial[8][32];
    int c = blockIdx.x * 32 + threadIdx.x;
    float sum = 0.0f;
    for (int row = threadIdx.y; row < rows && c < columns; row += 8) sum += x[(size_t)row * columns + c];
    partial[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || c >= columns) return;
    for (int i = 1; i < 8; ++i) sum += partial[i][threadIdx.x];
    column[c] = sum;
}
