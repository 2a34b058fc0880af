// Element-wise operations: out[i] = f(x[i]) (map) and out[i] = f(a[i], b[i]) (zip).
//
// Shapes     map, zip: n values each, contiguous. map_permuted, zip_broadcast: `shape` holds the result's `dimensions`
//            extents; `*_strides` say how many values to step per dimension, 0 where an operand is broadcast, so
//            that a transposed or broadcast tensor is read where it lies. The result is contiguous, n values.
// Launch     one thread per value, any block; the vector rungs take any grid (each thread strides over it).
// Traffic    per value: map 1 read and 1 write, zip 2 reads and 1 write; the vector rungs the same bytes in a
//            quarter of the accesses. The strided rungs also read shape and strides, `dimensions` values each.
// Shared     none.
// Tolerance  1e-6, relative to the norm of the result.
// Source     Harris, "CUDA Pro Tip: Write Flexible Kernels with Grid-Stride Loops"; Rush, MiniTorch, module 3.

enum Unary { COPY, NEGATE, EXP, LOG, RELU, SIGMOID, TANH, RECIPROCAL, SQRT };
enum Binary { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, LESS, EQUAL, POWER, RELU_GRADIENT };

// The operation is the same for all threads, so the switch costs no divergence.
__device__ float unary(int operation, float x) {
    switch (operation) {
        case NEGATE: return -x;
        case EXP: return expf(x);
        case LOG: return logf(x);
        case RELU: return x < 0.0f ? 0.0f : x;  // written so that NaN stays NaN
        case SIGMOID: return 1.0f / (1.0f + expf(-x));
        case TANH: return tanhf(x);
        case RECIPROCAL: return 1.0f / x;
        case SQRT: return sqrtf(x);
        default: return x;
    }
}

__device__ float binary(int operation, float a, float b) {
    switch (operation) {
        case ADD: return a + b;
        case SUBTRACT: return a - b;
        case MULTIPLY: return a * b;
        case DIVIDE: return a / b;
        case MAXIMUM: return a > b || isnan(a) ? a : b;
        case LESS: return a < b;
        case EQUAL: return a == b;
        case POWER: return powf(a, b);
        case RELU_GRADIENT: return a > 0.0f ? b : 0.0f;  // a: the input of relu, b: the gradient of its output
        default: return a;
    }
}

// Where value i of a contiguous tensor of this shape lies in a tensor with these strides.
__device__ size_t strided_offset(size_t i, const int* shape, const int* strides, int dimensions) {
    size_t offset = 0;
    for (int d = dimensions - 1; d >= 0; --d) {
        offset += i % shape[d] * strides[d];
        i /= shape[d];
    }
    return offset;
}

extern "C" __global__ void map(const float* x, float* out, int n, int operation) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = unary(operation, x[i]);
}

extern "C" __global__ void zip(const float* a, const float* b, float* out, int n, int operation) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = binary(operation, a[i], b[i]);
}

extern "C" __global__ void map_permuted(const float* x, const int* x_strides, float* out, const int* shape,
                                       int dimensions, int n, int operation) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = unary(operation, x[strided_offset(i, shape, x_strides, dimensions)]);
}

extern "C" __global__ void zip_broadcast(const float* a, const int* a_strides, const float* b, const int* b_strides,
                                       float* out, const int* shape, int dimensions, int n, int operation) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float left = a[strided_offset(i, shape, a_strides, dimensions)];
    float right = b[strided_offset(i, shape, b_strides, dimensions)];
    out[i] = binary(operation, left, right);
}

// 16 bytes per access, and threads that go round: fewer instructions per byte, and no limit on n by the grid.
// float4* demands arrays that begin on a multiple of 16 bytes; the last n % 4 values go one by one.
extern "C" __global__ void map_vector(const float4* x, float4* out, int n, int operation) {
    size_t first = (size_t)blockIdx.x * blockDim.x + threadIdx.x, stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = first; i < n / 4; i += stride) {
        float4 v = x[i];
        out[i] = make_float4(unary(operation, v.x), unary(operation, v.y), unary(operation, v.z),
                             unary(operation, v.w));
    }
    for (size_t i = n / 4 * 4 + first; i < n; i += stride) ((float*)out)[i] = unary(operation, ((const float*)x)[i]);
}

extern "C" __global__ void zip_vector(const float4* a, const float4* b, float4* out, int n, int operation) {
    size_t first = (size_t)blockIdx.x * blockDim.x + threadIdx.x, stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = first; i < n / 4; i += stride) {
        float4 v = a[i], w = b[i];
        out[i] = make_float4(binary(operation, v.x, w.x), binary(operation, v.y, w.y), binary(operation, v.z, w.z),
                             binary(operation, v.w, w.w));
    }
    for (size_t i = n / 4 * 4 + first; i < n; i += stride)
        ((float*)out)[i] = binary(operation, ((const float*)a)[i], ((const float*)b)[i]);
}
