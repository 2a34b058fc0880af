// Lets the first thread of each block do all the work, without shared memory or barriers.
extern "C" __global__ void quantize_rows(const float* x, signed char* q, float* scale, int rows, int columns) {
    if (threadIdx.x > 0) return;
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        const size_t start = (size_t)row * columns;
        float largest = 0.0f;
        for (int c = 0; c < columns; ++c) largest = fmaxf(largest, fabsf(x[start + c]));
        const float step = largest > 0.0f ? largest / 127.0f : 1.0f;
        scale[row] = step;
        for (int c = 0; c < columns; ++c) q[start + c] = (signed char)rintf(x[start + c] / step);
    }
}
