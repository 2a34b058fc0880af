// Every thread sums the row alone and begins to write while others still read: a race in place.
__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

extern "C" __global__ void softmax_backward(const float* y, const float* dy, float* dx,
                                            int columns, float scale) {
    // y, dy, dx (rows, columns); dx may be dy
    const int t = threadIdx.x;
    const size_t first = (size_t)blockIdx.x * columns;

    float dot = 0.0f;
    for (int c = 0; c < columns; ++c) dot += y[first + c] * dy[first + c];

    for (int c = t; c < columns; c += blockDim.x)
        dx[first + c] = scale * y[first + c] * (dy[first + c] - dot);
}
