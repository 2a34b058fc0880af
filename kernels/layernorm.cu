// Layer normalization of each row: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, and its gradients. With
// h = (x - mean) rstd and g = dy gamma: dx = rstd (g - mean(g) - h mean(g h)), dgamma = sum over rows of dy h,
// dbeta = sum over rows of dy. rstd is 1 / sqrt(variance + epsilon), the variance that of the row (divided by n).
//
// Shapes     x, y, dy, dx (rows, columns) contiguous; gamma, beta, dgamma, dbeta (columns); mean, rstd (rows), written
//            forward for the way back. partial_* (gridDim.x, columns): layernorm_sum_partials adds them up.
// Launch     layernorm_naive: one thread per row. layernorm_block, layernorm_backward_input: one block of whole warps per
//            row. layernorm_fused, layernorm_backward_fused: any number of blocks of whole warps, which go round the
//            rows and hold 8 values per thread: columns <= 8 * threads. layernorm_backward_weights,
//            layernorm_sum_partials: block (32, 8), a block for 32 columns.
// Traffic    reads and writes per value, beside gamma and beta: naive and block 3 and 1; fused 1 and 1, with gamma
//            and beta once per block. Backward: input 4 and 1, weights 2 and 0; fused 2 and 1 for all three.
// Shared     4 bytes per warp, twice backward; 2 KB (weights, sum_partials).
// Tolerance  1e-6, relative to the norm of the result (naive 1e-5: one running sum loses more digits). NaN
//            or infinity in a row makes that row NaN.
// Source     Ba, Kiros and Hinton 2016; NVIDIA Apex, layer_norm_cuda (two-stage dgamma, dbeta).

const unsigned ALL_LANES = 0xffffffffu;
const int VECTORS = 2;  // float4s of each row that a thread of the fused kernels holds

// The sum over all threads of the block, in all threads.
__device__ float block_sum(float value) {
    __shared__ float of_warp[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    __syncthreads();  // the sum before this one has been read
    if (lane == 0) of_warp[warp] = value;
    __syncthreads();
    value = lane < blockDim.x / 32 ? of_warp[lane] : 0.0f;
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

// Four neighboring values of a row in one access where it is aligned and inside, zeros outside.
__device__ float4 load4(const float* row, int column, int columns) {
    const float* p = row + column;
    if ((size_t)p % 16 == 0 && column + 4 <= columns) return *(const float4*)p;
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (column < columns) v.x = p[0];
    if (column + 1 < columns) v.y = p[1];
    if (column + 2 < columns) v.z = p[2];
    if (column + 3 < columns) v.w = p[3];
    return v;
}

__device__ void store4(float* row, int column, int columns, float4 v) {
    float* p = row + column;
    if ((size_t)p % 16 == 0 && column + 4 <= columns) {
        *(float4*)p = v;
        return;
    }
    if (column < columns) p[0] = v.x;
    if (column + 1 < columns) p[1] = v.y;
    if (column + 2 < columns) p[2] = v.z;
    if (column + 3 < columns) p[3] = v.w;
}

// One thread per row; neighboring threads read a row apart.
extern "C" __global__ void layernorm_naive(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                                           float* rstd, int rows, int columns, float epsilon) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += (size_t)row * columns, y += (size_t)row * columns;
    float sum = 0.0f, squares = 0.0f;
    for (int c = 0; c < columns; ++c) sum += x[c];
    float center = sum / columns;
    for (int c = 0; c < columns; ++c) squares += (x[c] - center) * (x[c] - center);
    float scale = rsqrtf(squares / columns + epsilon);
    for (int c = 0; c < columns; ++c) y[c] = gamma[c] * (x[c] - center) * scale + beta[c];
    mean[row] = center, rstd[row] = scale;
}

// One block per row, the same three passes over neighboring addresses. The variance is summed around the mean:
// mean(x^2) - mean(x)^2 in one pass would lose all digits where the mean is large.
extern "C" __global__ void layernorm_block(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                                           float* rstd, int columns, float epsilon) {
    size_t row = blockIdx.x;
    x += row * columns, y += row * columns;
    float sum = 0.0f, squares = 0.0f;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) sum += x[c];
    float center = block_sum(sum) / columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) squares += (x[c] - center) * (x[c] - center);
    float scale = rsqrtf(block_sum(squares) / columns + epsilon);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) y[c] = gamma[c] * (x[c] - center) * scale + beta[c];
    if (threadIdx.x == 0) mean[row] = center, rstd[row] = scale;
}

// The row stays in registers between the passes, gamma and beta from row to row.
extern "C" __global__ void __launch_bounds__(1024)
layernorm_fused(const float* x, const float* gamma, const float* beta, float* y, float* mean, float* rstd, int rows,
                int columns, float epsilon) {
    float4 v[VECTORS], weight[VECTORS], bias[VECTORS];
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        int column = 4 * (threadIdx.x + i * blockDim.x);
        weight[i] = load4(gamma, column, columns), bias[i] = load4(beta, column, columns);
    }
    for (size_t row = blockIdx.x; row < rows; row += gridDim.x) {
        float sum = 0.0f, squares = 0.0f;
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) v[i] = load4(x + row * columns, 4 * (threadIdx.x + i * blockDim.x), columns);
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) sum += (v[i].x + v[i].y) + (v[i].z + v[i].w);
        float center = block_sum(sum) / columns;
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) {
            int left = columns - 4 * (threadIdx.x + i * blockDim.x);  // values of the row from here on
            v[i] = make_float4(v[i].x - center, v[i].y - center, v[i].z - center, v[i].w - center);
            if (left > 0) squares += v[i].x * v[i].x;
            if (left > 1) squares += v[i].y * v[i].y;
            if (left > 2) squares += v[i].z * v[i].z;
            if (left > 3) squares += v[i].w * v[i].w;
        }
        float scale = rsqrtf(block_sum(squares) / columns + epsilon);
#pragma unroll
        for (int i = 0; i < VECTORS; ++i)
            store4(y + row * columns, 4 * (threadIdx.x + i * blockDim.x), columns,
                   make_float4(weight[i].x * v[i].x * scale + bias[i].x, weight[i].y * v[i].y * scale + bias[i].y,
                               weight[i].z * v[i].z * scale + bias[i].z, weight[i].w * v[i].w * scale + bias[i].w));
        if (threadIdx.x == 0) mean[row] = center, rstd[row] = scale;
    }
}

// dx: one block per row, two passes over x and dy.
extern "C" __global__ void layernorm_backward_input(const float* x, const float* dy, const float* gamma,
                                                    const float* mean, const float* rstd, float* dx, int columns) {
    size_t row = blockIdx.x;
    x += row * columns, dy += row * columns, dx += row * columns;
    float center = mean[row], scale = rstd[row], sum_g = 0.0f, sum_gh = 0.0f;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        float g = dy[c] * gamma[c];
        sum_g += g, sum_gh += g * (x[c] - center) * scale;
    }
    float mean_g = block_sum(sum_g) / columns, mean_gh = block_sum(sum_gh) / columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x)
        dx[c] = scale * (dy[c] * gamma[c] - mean_g - (x[c] - center) * scale * mean_gh);
}

// The sum over the eight threads of a column, valid in the first; block (32, 8).
__device__ float column_sum(float value) {
    __shared__ float partial[8][32];
    __syncthreads();  // the sum before this one has been read
    partial[threadIdx.y][threadIdx.x] = value;
    __syncthreads();
    float sum = 0.0f;
    if (threadIdx.y == 0)
        for (int i = 0; i < 8; ++i) sum += partial[i][threadIdx.x];
    return sum;
}

// dgamma and dbeta: eight threads per column go down the rows; a warp reads 32 neighboring columns.
extern "C" __global__ void layernorm_backward_weights(const float* x, const float* dy, const float* mean,
                                                      const float* rstd, float* dgamma, float* dbeta, int rows,
                                                      int columns) {
    int column = blockIdx.x * 32 + threadIdx.x;
    float sum_gamma = 0.0f, sum_beta = 0.0f;
    for (int row = threadIdx.y; row < rows && column < columns; row += 8) {
        size_t i = (size_t)row * columns + column;
        float gradient = dy[i];
        sum_gamma += gradient * (x[i] - mean[row]) * rstd[row], sum_beta += gradient;
    }
    sum_gamma = column_sum(sum_gamma), sum_beta = column_sum(sum_beta);
    if (threadIdx.y == 0 && column < columns) dgamma[column] = sum_gamma, dbeta[column] = sum_beta;
}

// All three gradients from one read of x and dy: each block adds up dgamma and dbeta of its rows in registers.
// answers Lab4.5
extern "C" __global__ void __launch_bounds__(1024)
layernorm_backward_fused(const float* x, const float* dy, const float* gamma, const float* mean, const float* rstd,
                         float* dx, float* partial_gamma, float* partial_beta, int rows, int columns) {
    float4 weight[VECTORS], sum_gamma[VECTORS], sum_beta[VECTORS];
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        weight[i] = load4(gamma, 4 * (threadIdx.x + i * blockDim.x), columns);
        sum_gamma[i] = sum_beta[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
    for (size_t row = blockIdx.x; row < rows; row += gridDim.x) {
        float center = mean[row], scale = rstd[row], sum_g = 0.0f, sum_gh = 0.0f;
        float4 h[VECTORS], g[VECTORS];
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) {
            int column = 4 * (threadIdx.x + i * blockDim.x);
            h[i] = load4(x + row * columns, column, columns), g[i] = load4(dy + row * columns, column, columns);
        }
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) {  // outside of the row dy is 0, and so are all products with it
            float *hs = &h[i].x, *gs = &g[i].x, *to_gamma = &sum_gamma[i].x, *to_beta = &sum_beta[i].x;
            const float* ws = &weight[i].x;
            for (int j = 0; j < 4; ++j) {
                hs[j] = (hs[j] - center) * scale;
                to_gamma[j] += gs[j] * hs[j], to_beta[j] += gs[j];
                gs[j] *= ws[j];
                sum_g += gs[j], sum_gh += gs[j] * hs[j];
            }
        }
        float mean_g = block_sum(sum_g) / columns, mean_gh = block_sum(sum_gh) / columns;
#pragma unroll
        for (int i = 0; i < VECTORS; ++i) {
            float *hs = &h[i].x, *gs = &g[i].x;
            for (int j = 0; j < 4; ++j) gs[j] = scale * (gs[j] - mean_g - hs[j] * mean_gh);
            store4(dx + row * columns, 4 * (threadIdx.x + i * blockDim.x), columns, g[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        int column = 4 * (threadIdx.x + i * blockDim.x);
        store4(partial_gamma + (size_t)blockIdx.x * columns, column, columns, sum_gamma[i]);
        store4(partial_beta + (size_t)blockIdx.x * columns, column, columns, sum_beta[i]);
    }
}

extern "C" __global__ void layernorm_sum_partials(const float* partial, float* sum, int parts, int columns) {
    int column = blockIdx.x * 32 + threadIdx.x;
    float mine = 0.0f;
    for (int part = threadIdx.y; part < parts && column < columns; part += 8)
        mine += partial[(size_t)part * columns + column];
    mine = column_sum(mine);
    if (threadIdx.y == 0 && column < columns) sum[column] = mine;
}
