// Reads a row of x and a column of y from memory for every element.
extern "C" __global__ void matmul_strided(const float* x, const float* y, float* z,
                                          const int* x_strides, const int* y_strides,
                                          const int* z_strides,
                                          int x_offset, int y_offset, int z_offset,
                                          int n, int k, int m) {
    // x (batch, n, k), y (batch, k, m), z (batch, n, m); blocks of (16, 16) threads
    const int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
    if (row >= n || column >= m) return;
    x += x_offset + blockIdx.z * x_strides[0] + row * x_strides[1];
    y += y_offset + blockIdx.z * y_strides[0] + column * y_strides[2];
    float sum = 0.0f;
    for (int j = 0; j < k; ++j) sum += x[j * x_strides[2]] * y[j * y_strides[1]];
    z[z_offset + blockIdx.z * z_strides[0] + row * z_strides[1] + column * z_strides[2]] = sum;
}
