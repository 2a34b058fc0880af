// Takes dy for g.
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
    return warp_sum(lane < warps ? of_warp[lane] : 0.0f);
}

extern "C" __global__ void layernorm_backward(const float* x, const float* dy, const float* gamma,
                                              const float* mean, const float* rstd, float* dx,
                                              float* partial_gamma, float* partial_beta,
                                              int rows, int columns) {
    // x, dy, dx (rows, columns); mean, rstd (rows); gamma (columns); partial_* (gridDim.x, columns)
    extern __shared__ float memory[];  // 5 * columns floats
    float* h = memory;  // each thread uses the columns t, t + blockDim.x, ... and no others
    float* g = memory + columns;
    float* weight = memory + 2 * columns;
    float* to_gamma = memory + 3 * columns;
    float* to_beta = memory + 4 * columns;
    const int t = threadIdx.x;
    for (int c = t; c < columns; c += blockDim.x) {
        weight[c] = gamma[c];
        to_gamma[c] = to_beta[c] = 0.0f;
    }

    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const size_t first = (size_t)r * columns;
        const float center = mean[r], scale = rstd[r];
        float sum_g = 0.0f, sum_gh = 0.0f;
        for (int c = t; c < columns; c += blockDim.x) {
            const float gradient = dy[first + c];
            h[c] = (x[first + c] - center) * scale;
            g[c] = gradient;
            to_gamma[c] += gradient * h[c];
            to_beta[c] += gradient;
            sum_g += g[c];
            sum_gh += g[c] * h[c];
        }
        const float mean_g = block_sum(sum_g) / columns, mean_gh = block_sum(sum_gh) / columns;
        for (int c = t; c < columns; c += blockDim.x)
            dx[first + c] = scale * (g[c] - mean_g - h[c] * mean_gh);
    }

    const size_t part = (size_t)blockIdx.x * columns;
    for (int c = t; c < columns; c += blockDim.x) {
        partial_gamma[part + c] = to_gamma[c];
        partial_beta[part + c] = to_beta[c];
    }
}
