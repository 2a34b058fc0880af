// Gamma and beta are read from global memory again for each row.
__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

// The sum over all threads of the block, in all threads.
__device__ float block_sum(float value) {
    __shared__ float of_warp[32];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    value = warp_sum(value);
    __syncthreads();  // the sum before this one has been read
    if (lane == 0) of_warp[warp] = value;
    __syncthreads();
    value = warp_sum(lane < warps ? of_warp[lane] : 0.0f);
    return value;
}

extern "C" __global__ void residual_layernorm(const float* x, const float* residual,
                                              const float* gamma, const float* beta,
                                              float* sum, float* y, float* mean, float* rstd,
                                              int rows, int columns, float eps) {
    // x, residual, sum, y (rows, columns); gamma, beta (columns); mean, rstd (rows)
    extern __shared__ float memory[];  // 3 * columns floats
    float* row = memory;  // each thread uses the columns t, t + blockDim.x, ... and no others
    float* weight = memory + columns;
    float* bias = memory + 2 * columns;
    const int t = threadIdx.x;
    for (int c = t; c < columns; c += blockDim.x) weight[c] = gamma[c], bias[c] = beta[c];

    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const size_t first = (size_t)r * columns;
        float total = 0.0f, squares = 0.0f;
        for (int c = t; c < columns; c += blockDim.x) {
            row[c] = x[first + c] + residual[first + c];
            sum[first + c] = row[c];
            total += row[c];
        }
        const float center = block_sum(total) / columns;
        for (int c = t; c < columns; c += blockDim.x) {
            row[c] -= center;
            squares += row[c] * row[c];
        }
        const float scale = rsqrtf(block_sum(squares) / columns + eps);
        for (int c = t; c < columns; c += blockDim.x)
            y[first + c] = gamma[c] * row[c] * scale + beta[c];
        if (t == 0) mean[r] = center, rstd[r] = scale;
    }
}
