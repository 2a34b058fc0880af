// A layer's bias and activation: out[r][c] = f(x[r][c] + bias[c]), f one of relu, gelu, silu.
//
// Shapes     x, out (rows, columns), bias (columns), contiguous; out may be x.
// Launch     add_bias, activate, bias_activation: one thread per value, any 1-D block.
//            bias_activation_vector: block (X, Y), grid (at least columns / (4 X), any number): a thread keeps to
//            four columns and goes down the rows, gridDim.y * Y * ROWS at a time.
// Traffic    per value: the unfused pair add_bias + activate reads 3 and writes 2; bias_activation reads 2 (value
//            and bias) and writes 1; bias_activation_vector reads 1 and writes 1, and the bias once per thread.
// Shared     none.
// Tolerance  1e-6, relative to the norm of the result.
// Source     Hendrycks and Gimpel 2016 (gelu in its exact form, and silu); relu keeps NaN, as in PyTorch.

enum Activation { RELU, GELU, SILU };
const int ROWS = 4;  // values in flight: a thread loads this many rows before it needs the first

__device__ float activation(int f, float x) {
    switch (f) {
        case RELU: return x < 0.0f ? 0.0f : x;
        case GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
        default: return x / (1.0f + expf(-x));
    }
}

// Four neighboring values of a row in one access where it is aligned and inside, else one by one.
__device__ bool whole(const float* p, int column, int columns) {
    return (size_t)p % 16 == 0 && column + 4 <= columns;
}

__device__ float4 load4(const float* row, int column, int columns) {
    const float* p = row + column;
    if (whole(p, column, columns)) return *(const float4*)p;
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (column < columns) v.x = p[0];
    if (column + 1 < columns) v.y = p[1];
    if (column + 2 < columns) v.z = p[2];
    if (column + 3 < columns) v.w = p[3];
    return v;
}

__device__ void store4(float* row, int column, int columns, float4 v) {
    float* p = row + column;
    if (whole(p, column, columns)) {
        *(float4*)p = v;
        return;
    }
    if (column < columns) p[0] = v.x;
    if (column + 1 < columns) p[1] = v.y;
    if (column + 2 < columns) p[2] = v.z;
    if (column + 3 < columns) p[3] = v.w;
}

// The unfused pair: the sum goes to memory and comes back.
extern "C" __global__ void add_bias(const float* x, const float* bias, float* out, int rows, int columns) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < (size_t)rows * columns) out[i] = x[i] + bias[i % columns];
}

extern "C" __global__ void activate(const float* x, float* out, int n, int f) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = activation(f, x[i]);
}

// Fused: the sum stays in a register.
// answers Q1.5
extern "C" __global__ void bias_activation(const float* x, const float* bias, float* out, int rows, int columns,
                                           int f) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < (size_t)rows * columns) out[i] = activation(f, x[i] + bias[i % columns]);
}

// Four columns per thread, whose bias it keeps; ROWS loads are under way before the first result is needed.
// answers Q1.5
extern "C" __global__ void bias_activation_vector(const float* x, const float* bias, float* out, int rows, int columns,
                                                  int f) {
    int column = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    if (column >= columns) return;
    float4 b = load4(bias, column, columns);
    int step = gridDim.y * blockDim.y;
    for (int first = blockIdx.y * blockDim.y + threadIdx.y; first < rows; first += ROWS * step) {
        float4 v[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; ++r)
            if (first + r * step < rows) v[r] = load4(x + (size_t)(first + r * step) * columns, column, columns);
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            if (first + r * step >= rows) break;
            v[r] = make_float4(activation(f, v[r].x + b.x), activation(f, v[r].y + b.y), activation(f, v[r].z + b.z),
                               activation(f, v[r].w + b.w));
            store4(out + (size_t)(first + r * step) * columns, column, columns, v[r]);
        }
    }
}
