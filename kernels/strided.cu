// The four verbs of a tensor library (course_lib/autodiff/backends), on arrays of any strides: what is transposed,
// broadcast or sliced is read where it lies.
//
// Shapes     Strides and offsets in elements, shape and strides as arrays of ndim numbers. map: y = f(x), zip:
//            z = f(x, y), all of one shape with `size` elements. reduce: y has size 1 along `axis`. matmul:
//            x (batch, n, k), y (batch, k, m), z (batch, n, m).
// Launch     map, zip: a thread per element. reduce: a block per result, of 1 to 8 whole warps. matmul: blocks
//            (16, 16), grid (ceil(m / 16), ceil(n / 16), batch).
// Traffic    map 1 read and 1 write per element, zip 2 and 1, reduce 1 read per element and 1 write per result; matmul
//            n k ceil(m / 16) + k m ceil(n / 16) reads and n m writes per batch.
// Shared     reduce 32 bytes, matmul 2.2 KB.
// Tolerance  2e-6, relative to the largest.
// Source     The tensors with strides of Rush's minitorch; NVIDIA, CUDA C++ Programming Guide, shared memory.

// Where element `number`, counted row by row, lies.
// answers Lab2.1
__device__ int place(int number, const int* shape, const int* strides, int ndim, int offset) {
    for (int d = ndim; d-- > 0; number /= shape[d]) offset += number % shape[d] * strides[d];
    return offset;
}

// answers Lab2.2
__device__ float mapped(int operation, float v) {
    if (operation == 0) return -v;
    if (operation == 1) return expf(v);
    if (operation == 2) return logf(v);
    if (operation == 3) return sqrtf(v);
    if (operation == 4) return tanhf(v);
    if (operation == 5) return 1.0f / (1.0f + expf(-v));
    return v < 0.0f ? 0.0f : v;  // NaN stays NaN
}

// answers Lab2.2
__device__ float zipped(int operation, float v, float w) {
    if (operation == 0) return v + w;
    if (operation == 1) return v - w;
    if (operation == 2) return v * w;
    if (operation == 3) return v / w;
    if (operation == 4) return powf(v, w);
    if (operation == 5) return v == w;
    if (operation == 6) return v < w;
    return v != 0.0f ? w : 0.0f;
}

// answers Lab2.3
__device__ float joined(int operation, float v, float w) {
    if (operation == 0) return v + w;
    return w > v || w != w ? w : v;  // NaN stays NaN
}

// answers Lab2.2
extern "C" __global__ void map_strided(const float* x, float* y, const int* shape, const int* x_strides,
                                       const int* y_strides, int x_offset, int y_offset, int ndim, int size,
                                       int operation) {
    const int number = blockIdx.x * blockDim.x + threadIdx.x;
    if (number < size)
        y[place(number, shape, y_strides, ndim, y_offset)] =
            mapped(operation, x[place(number, shape, x_strides, ndim, x_offset)]);
}

// answers Lab2.2
extern "C" __global__ void zip_strided(const float* x, const float* y, float* z, const int* shape,
                                       const int* x_strides, const int* y_strides, const int* z_strides, int x_offset,
                                       int y_offset, int z_offset, int ndim, int size, int operation) {
    const int number = blockIdx.x * blockDim.x + threadIdx.x;
    if (number < size)
        z[place(number, shape, z_strides, ndim, z_offset)] =
            zipped(operation, x[place(number, shape, x_strides, ndim, x_offset)],
                   y[place(number, shape, y_strides, ndim, y_offset)]);
}

// answers Lab2.3
extern "C" __global__ void reduce_strided(const float* x, float* y, const int* shape, const int* x_strides,
                                          const int* y_strides, int x_offset, int y_offset, int ndim, int axis,
                                          int operation) {
    __shared__ float of_warp[8];
    for (int d = ndim, number = blockIdx.x; d-- > 0;) {
        const int size = d == axis ? 1 : shape[d];
        x_offset += number % size * x_strides[d];
        y_offset += number % size * y_strides[d];
        number /= size;
    }
    float value = operation == 0 ? 0.0f : -INFINITY;
    for (int i = threadIdx.x; i < shape[axis]; i += blockDim.x)
        value = joined(operation, value, x[x_offset + i * x_strides[axis]]);
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value = joined(operation, value, __shfl_xor_sync(0xffffffffu, value, lanes));
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int warp = 1; warp < blockDim.x / 32; ++warp) value = joined(operation, value, of_warp[warp]);
        y[y_offset] = value;
    }
}

// answers Lab2.4
extern "C" __global__ void matmul_strided(const float* x, const float* y, float* z, const int* x_strides,
                                          const int* y_strides, const int* z_strides, int x_offset, int y_offset,
                                          int z_offset, int n, int k, int m) {
    __shared__ float left[16][17], right[16][17];
    const int top = blockIdx.y * 16, side = blockIdx.x * 16;
    const int row = top + threadIdx.y, column = side + threadIdx.x;
    // Threads beside each other read along the dimension in which memory is dense.
    const bool x_dense = x_strides[2] == 1, y_dense = y_strides[2] == 1;
    const int x_row = x_dense ? threadIdx.y : threadIdx.x, x_inner = x_dense ? threadIdx.x : threadIdx.y;
    const int y_inner = y_dense ? threadIdx.y : threadIdx.x, y_column = y_dense ? threadIdx.x : threadIdx.y;
    const float* x_from = x + x_offset + blockIdx.z * x_strides[0] + (top + x_row) * x_strides[1];
    const float* y_from = y + y_offset + blockIdx.z * y_strides[0] + (side + y_column) * y_strides[2];
    float total = 0.0f;
    for (int tile = 0; tile < k; tile += 16) {
        float a = 0.0f, b = 0.0f;  // outside of the matrices
        if (top + x_row < n && tile + x_inner < k) a = x_from[(tile + x_inner) * x_strides[2]];
        if (side + y_column < m && tile + y_inner < k) b = y_from[(tile + y_inner) * y_strides[1]];
        left[x_row][x_inner] = a;
        right[y_inner][y_column] = b;
        __syncthreads();
        for (int i = 0; i < 16; ++i) total = fmaf(left[threadIdx.y][i], right[i][threadIdx.x], total);
        __syncthreads();
    }
    if (row < n && column < m)
        z[z_offset + blockIdx.z * z_strides[0] + row * z_strides[1] + column * z_strides[2]] = total;
}
