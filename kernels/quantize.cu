// Row-wise int8 quantization, and the matrix-vector product on its codes.
//
//   scale[r] = max_c |x[r,c]| / 127        (1 for a row of zeros)
//   q[r,c]   = round(x[r,c] / scale[r])    to nearest, ties to even, clamped to -127 ... 127
//   x[r,c]  ~= q[r,c] * scale[r]           error at most half a step, scale[r] / 2
//   y[r]     = w_scale[r] * x_scale * sum_c w[r,c] * x[c]
//
// A NaN or an infinity anywhere in a row becomes the row's scale and its codes are 0: dequantized, the fault shows
// as NaN, in that row alone.
//
// Shapes: x (rows, columns) float, q (rows, columns) signed char, scale (rows,) float; all row-major, contiguous.
//
//   kernel                  launch (grid, block)           x read   q written   shared    notes
//   quantize_rows_serial    ceil(rows/256), 256            2 each   1 each      0         one thread per row, uncoalesced
//   quantize_rows           rows, 256                      2 each   1 each      1 KB      one block per row, tree
//   quantize_rows_once      rows, 256                      1 each   1 each      32 B      float4 kept in registers
//                                                          (2 each beyond 4,096 columns or off 16-byte rows)
//   dequantize_rows         (ceil(columns/256), rows), 256 writes 1 each, reads q 1 each
//   dequantize_int4         (ceil(columns/256), rows), 256 two codes per byte, low half first, one scale per group
//   int8_matvec_serial      ceil(rows/256), 256            w read 1 each, one thread per row
//   int8_matvec             ceil(rows/8), (32, 8)          w read 1 each, one warp per row
//   int8_matvec_dp4a        ceil(rows/8), (32, 8)          w read 1 each, 16 bytes per load; columns a multiple of 16
//
// grid.y is at most 65,535: larger matrices are dequantized in parts. Tolerance: codes equal a float32 reference
// exactly, a float64 one within 1 at ties; y to 1e-6 (the sum is exact in int32, up to 133,000 columns).
// Sources: Jacob et al. 2018, arXiv:1712.05877 (integer arithmetic); Dettmers et al. 2022, arXiv:2208.07339 (rows).

constexpr int kThreads = 256;
constexpr unsigned kAllLanes = 0xffffffffu;
constexpr int kHeld = 4;  // float4 values that a thread of quantize_rows_once keeps

// The larger of two magnitudes; a NaN wins, where fmaxf would drop it.
__device__ float larger(float a, float b) { return a != a || b <= a ? a : b; }

__device__ float scale_of(float largest) {
    float scale = largest / 127.0f;
    return scale == 0.0f ? 1.0f : scale;
}

__device__ signed char code_of(float value, float scale) {
    return (signed char)max(-127, min(127, __float2int_rn(value / scale)));
}

extern "C" __global__ void quantize_rows_serial(const float* x, signed char* q, float* scale, int rows, int columns) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    const float* x_row = x + (size_t)row * columns;
    float largest = 0.0f;
    for (int c = 0; c < columns; ++c) largest = larger(largest, fabsf(x_row[c]));
    float s = scale_of(largest);
    for (int c = 0; c < columns; ++c) q[(size_t)row * columns + c] = code_of(x_row[c], s);
    scale[row] = s;
}

// answers Q2.6
extern "C" __global__ void quantize_rows(const float* x, signed char* q, float* scale, int columns) {
    __shared__ float partial[kThreads];
    const float* x_row = x + (size_t)blockIdx.x * columns;
    signed char* q_row = q + (size_t)blockIdx.x * columns;
    int t = threadIdx.x;

    float largest = 0.0f;
    for (int c = t; c < columns; c += kThreads) largest = larger(largest, fabsf(x_row[c]));
    partial[t] = largest;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
        if (t < half) partial[t] = larger(partial[t], partial[t + half]);
        __syncthreads();
    }
    float s = scale_of(partial[0]);
    for (int c = t; c < columns; c += kThreads) q_row[c] = code_of(x_row[c], s);
    if (t == 0) scale[blockIdx.x] = s;
}

// The largest value of a block of 256 threads, in every thread: within warps by shuffles, then across the 8 warps.
__device__ float block_largest(float value) {
    __shared__ float of_warp[kThreads / 32];
    for (int lanes = 16; lanes > 0; lanes /= 2) value = larger(value, __shfl_xor_sync(kAllLanes, value, lanes));
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warp[threadIdx.x % (kThreads / 32)];
    for (int lanes = kThreads / 64; lanes > 0; lanes /= 2)
        value = larger(value, __shfl_xor_sync(kAllLanes, value, lanes));
    return value;
}

// answers Q2.6
extern "C" __global__ void quantize_rows_once(const float* x, signed char* q, float* scale, int columns) {
    const float* x_row = x + (size_t)blockIdx.x * columns;
    signed char* q_row = q + (size_t)blockIdx.x * columns;
    int t = threadIdx.x, vectors = columns / 4;

    if (columns % 4 == 0 && vectors <= kHeld * kThreads) {
        float4 held[kHeld];
        float largest = 0.0f;
        for (int i = 0; i < kHeld; ++i) {
            int v = t + i * kThreads;
            if (v >= vectors) continue;
            held[i] = reinterpret_cast<const float4*>(x_row)[v];
            largest = larger(larger(largest, fabsf(held[i].x)), fabsf(held[i].y));
            largest = larger(larger(largest, fabsf(held[i].z)), fabsf(held[i].w));
        }
        float s = scale_of(block_largest(largest));
        for (int i = 0; i < kHeld; ++i) {
            int v = t + i * kThreads;
            if (v >= vectors) continue;
            reinterpret_cast<char4*>(q_row)[v] = make_char4(code_of(held[i].x, s), code_of(held[i].y, s),
                                                            code_of(held[i].z, s), code_of(held[i].w, s));
        }
        if (t == 0) scale[blockIdx.x] = s;
        return;
    }
    float largest = 0.0f;
    for (int c = t; c < columns; c += kThreads) largest = larger(largest, fabsf(x_row[c]));
    float s = scale_of(block_largest(largest));
    for (int c = t; c < columns; c += kThreads) q_row[c] = code_of(x_row[c], s);
    if (t == 0) scale[blockIdx.x] = s;
}

extern "C" __global__ void dequantize_rows(const signed char* q, const float* scale, float* x, int columns) {
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= columns) return;
    size_t i = (size_t)blockIdx.y * columns + c;
    x[i] = q[i] * scale[blockIdx.y];
}

// packed (rows, ceil(columns/2)): codes -8 ... 7; scale (rows, ceil(columns/group)).
extern "C" __global__ void dequantize_int4(const unsigned char* packed, const float* scale, float* x, int columns,
                                           int group) {
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= columns) return;
    unsigned char byte = packed[(size_t)blockIdx.y * ((columns + 1) / 2) + c / 2];
    int code = c % 2 ? byte >> 4 : byte & 15;
    float s = scale[(size_t)blockIdx.y * ((columns + group - 1) / group) + c / group];
    x[(size_t)blockIdx.y * columns + c] = (code - (code & 8) * 2) * s;
}

extern "C" __global__ void int8_matvec_serial(const signed char* w, const float* w_scale, const signed char* x,
                                              float x_scale, float* y, int rows, int columns) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    int sum = 0;
    for (int c = 0; c < columns; ++c) sum += w[(size_t)row * columns + c] * x[c];
    y[row] = sum * (w_scale[row] * x_scale);
}

extern "C" __global__ void int8_matvec(const signed char* w, const float* w_scale, const signed char* x, float x_scale,
                                       float* y, int rows, int columns) {
    int row = blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= rows) return;  // whole warps leave together
    int sum = 0;
    for (int c = threadIdx.x; c < columns; c += 32) sum += w[(size_t)row * columns + c] * x[c];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(kAllLanes, sum, lanes);
    if (threadIdx.x == 0) y[row] = sum * (w_scale[row] * x_scale);
}

extern "C" __global__ void int8_matvec_dp4a(const int4* w, const float* w_scale, const int4* x, float x_scale,
                                            float* y, int rows, int columns) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, vectors = columns / 16;
    if (row >= rows) return;
    int sum = 0;
    for (int v = threadIdx.x; v < vectors; v += 32) {
        int4 a = w[(size_t)row * vectors + v], b = x[v];
        sum = __dp4a(a.x, b.x, __dp4a(a.y, b.y, __dp4a(a.z, b.z, __dp4a(a.w, b.w, sum))));
    }
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(kAllLanes, sum, lanes);
    if (threadIdx.x == 0) y[row] = sum * (w_scale[row] * x_scale);
}
