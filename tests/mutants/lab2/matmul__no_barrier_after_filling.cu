// No barrier between the copy and its use.
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
        for (int j = 0; j < 16; ++j) sum += x_tile[ty][j] * y_tile[j][tx];
        __syncthreads();  // nobody fills the next tile while someone still uses this one
    }
    if (first_row + ty < n && first_col + tx < m)
        z[(first_row + ty) * z_strides[1] + (first_col + tx) * z_strides[2]] = sum;
}
