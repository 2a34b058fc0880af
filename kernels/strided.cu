// The four verbs of a tensor library (course_lib/autodiff/backends), on arrays of any strides: what is transposed,
// broadcast or sliced is read where it lies.
//
// Shapes     Strides and offsets in elements, shape and strides as arrays of ndim numbers. map: y = f(x), zip:
//            z = f(x, y), all of one shape with `size` elements. reduce: y has size 1 along `axis`. matmul:
//            x (batch, n, k), y (batch, k, m), z (batch, n, m).
// Launch     map, zip: a thread per element. reduce: a block per result, of at most 256 threads. matmul: blocks
//            (16, 16), grid (ceil(m / 16), ceil(n / 16), batch).
// Traffic    map 1 read and 1 write per element, zip 2 and 1, reduce 1 read per element and 1 write per result; matmul
//            n k ceil(m / 16) + k m ceil(n / 16) reads and n m writes per batch.
// Shared     reduce 1 KB, matmul 2.2 KB.
// Tolerance  2e-6, relative to the largest.
// Source     The tensors with strides of Rush's minitorch; NVIDIA, CUDA C++ Programming Guide, shared memory.

// answers Lab2.2
extern "C" __global__ void map_strided(const float* x, float* y, const int* shape,
                                       const int* x_strides, const int* y_strides,
                                       int x_offset, int y_offset,
                                       int ndim, int size, int operation) {
    // 0 negate, 1 exp, 2 log, 3 sqrt, 4 tanh, 5 sigmoid, 6 relu
    int left = blockIdx.x * blockDim.x + threadIdx.x;
    if (left >= size) return;
    for (int d = ndim - 1; d >= 0; --d) {
        const int place = left % shape[d];
        left /= shape[d];
        x_offset += place * x_strides[d];
        y_offset += place * y_strides[d];
    }
    const float value = x[x_offset];
    float result;
    switch (operation) {
        case 0: result = -value; break;
        case 1: result = expf(value); break;
        case 2: result = logf(value); break;
        case 3: result = sqrtf(value); break;
        case 4: result = tanhf(value); break;
        case 5: result = 1.0f / (1.0f + expf(-value)); break;
        default: result = value < 0.0f ? 0.0f : value;  // NaN stays NaN
    }
    y[y_offset] = result;
}

// answers Lab2.2
extern "C" __global__ void zip_strided(const float* x, const float* y, float* z, const int* shape,
                                       const int* x_strides, const int* y_strides,
                                       const int* z_strides,
                                       int x_offset, int y_offset, int z_offset,
                                       int ndim, int size, int operation) {
    // 0 add, 1 subtract, 2 multiply, 3 divide, 4 power, 5 equal, 6 less, 7 select
    int left = blockIdx.x * blockDim.x + threadIdx.x;
    if (left >= size) return;
    for (int d = ndim - 1; d >= 0; --d) {
        const int place = left % shape[d];
        left /= shape[d];
        x_offset += place * x_strides[d];
        y_offset += place * y_strides[d];
        z_offset += place * z_strides[d];
    }
    const float a = x[x_offset], b = y[y_offset];
    float result;
    switch (operation) {
        case 0: result = a + b; break;
        case 1: result = a - b; break;
        case 2: result = a * b; break;
        case 3: result = a / b; break;
        case 4: result = powf(a, b); break;
        case 5: result = a == b ? 1.0f : 0.0f; break;
        case 6: result = a < b ? 1.0f : 0.0f; break;
        default: result = a != 0.0f ? b : 0.0f;
    }
    z[z_offset] = result;
}

// answers Lab2.3
extern "C" __global__ void reduce_strided(const float* x, float* y, const int* shape,
                                          const int* x_strides, const int* y_strides,
                                          int x_offset, int y_offset,
                                          int ndim, int axis, int operation) {
    // 0 sum, 1 max
    __shared__ float part[256];
    int left = blockIdx.x;
    for (int d = ndim - 1; d >= 0; --d) {
        if (d == axis) continue;
        const int place = left % shape[d];
        left /= shape[d];
        x_offset += place * x_strides[d];
        y_offset += place * y_strides[d];
    }
    const int t = threadIdx.x;
    float own = operation == 0 ? 0.0f : -INFINITY;
    for (int i = t; i < shape[axis]; i += blockDim.x) {
        const float value = x[x_offset + i * x_strides[axis]];
        if (operation == 0) own += value;
        else if (value > own || value != value) own = value;  // NaN stays
    }
    part[t] = own;
    __syncthreads();
    for (int count = blockDim.x; count > 1;) {
        const int half = (count + 1) / 2;
        if (t < count - half) {
            const float other = part[t + half];
            if (operation == 0) part[t] += other;
            else if (other > part[t] || other != other) part[t] = other;
        }
        __syncthreads();
        count = half;
    }
    if (t == 0) y[y_offset] = part[0];
}

// answers Lab2.4
extern "C" __global__ void matmul_strided(const float* x, const float* y, float* z,
                                          const int* x_strides, const int* y_strides,
                                          const int* z_strides,
                                          int x_offset, int y_offset, int z_offset,
                                          int n, int k, int m) {
    // x (batch, n, k), y (batch, k, m), z (batch, n, m); blocks of (16, 16) threads
    __shared__ float x_tile[16][17], y_tile[16][17];
    x += x_offset + blockIdx.z * x_strides[0];
    y += y_offset + blockIdx.z * y_strides[0];
    z += z_offset + blockIdx.z * z_strides[0];
    const int tx = threadIdx.x, ty = threadIdx.y;
    const int first_row = blockIdx.y * 16, first_col = blockIdx.x * 16;
    // Neighboring threads go along the dimension in which memory is dense.
    const bool x_turned = x_strides[1] == 1, y_turned = y_strides[1] == 1;
    const int x_i = x_turned ? tx : ty, x_j = x_turned ? ty : tx;
    const int y_i = y_turned ? tx : ty, y_j = y_turned ? ty : tx;
    float sum = 0.0f;
    for (int first = 0; first < k; first += 16) {
        const bool in_x = first_row + x_i < n && first + x_j < k;
        const bool in_y = first + y_i < k && first_col + y_j < m;
        x_tile[x_i][x_j] =
            in_x ? x[(first_row + x_i) * x_strides[1] + (first + x_j) * x_strides[2]] : 0.0f;
        y_tile[y_i][y_j] =
            in_y ? y[(first + y_i) * y_strides[1] + (first_col + y_j) * y_strides[2]] : 0.0f;
        __syncthreads();
        for (int j = 0; j < 16; ++j) sum += x_tile[ty][j] * y_tile[j][tx];
        __syncthreads();  // nobody fills the next tile while someone still uses this one
    }
    if (first_row + ty < n && first_col + tx < m)
        z[(first_row + ty) * z_strides[1] + (first_col + tx) * z_strides[2]] = sum;
}
