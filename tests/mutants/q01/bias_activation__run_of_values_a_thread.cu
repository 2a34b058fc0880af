// Gives each thread a run of neighboring values, so that neighbors read far apart.
extern "C" __global__ void bias_activation(const float* x, const float* bias, float* out, int rows, int columns, int f) {
    const size_t n = (size_t)rows * columns;
    const size_t threads = (size_t)gridDim.x * blockDim.x, t = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    const size_t run = (n + threads - 1) / threads;
    for (size_t i = t * run; i < (t + 1) * run && i < n; ++i) {
        const float v = x[i] + bias[i % columns];
        float y = v < 0.0f ? 0.0f : v;
        if (f == 1) y = 0.5f * v * (1.0f + erff(v * 0.70710678f));
        if (f == 2) y = v / (1.0f + expf(-v));
        out[i] = y;
    }
}
