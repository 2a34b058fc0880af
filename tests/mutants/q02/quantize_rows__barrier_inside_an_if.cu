// Puts the barrier of the reduction inside the if, so that the other threads never reach it.
extern "C" __global__ void quantize_rows(const float* x, signed char* q, float* scale, int rows, int columns) {
    __shared__ float largest[128];
    const int t = threadIdx.x;
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        const size_t start = (size_t)row * columns;
        float seen = 0.0f;
        for (int c = t; c < columns; c += blockDim.x) seen = fmaxf(seen, fabsf(x[start + c]));
        largest[t] = seen;
        __syncthreads();
        for (int half = blockDim.x / 2; half > 0; half /= 2) {
            if (t < half) {
                largest[t] = fmaxf(largest[t], largest[t + half]);
                __syncthreads();
            }
        }
        const float step = largest[0] > 0.0f ? largest[0] / 127.0f : 1.0f;
        if (t == 0) scale[row] = step;
        for (int c = t; c < columns; c += blockDim.x)
            q[start + c] = (signed char)rintf(x[start + c] / step);
        __syncthreads();
    }
}
