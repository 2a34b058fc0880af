// Lets one thread of the whole launch do all the work.
extern "C" __global__ void bias_activation(const float* x, const float* bias, float* out, int rows, int columns, int f) {
    if (blockIdx.x > 0 || threadIdx.x > 0) return;
    for (size_t i = 0; i < (size_t)rows * columns; ++i) {
        const float v = x[i] + bias[i % columns];
        float y = v < 0.0f ? 0.0f : v;
        if (f == 1) y = 0.5f * v * (1.0f + erff(v * 0.70710678f));
        if (f == 2) y = v / (1.0f + expf(-v));
        out[i] = y;
    }
}
