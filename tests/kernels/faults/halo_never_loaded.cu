// The tile has room for a halo that nobody fills.
// launch: 1, 64, x=float[64], y=float[64]; expect: uninitialized
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[66];
    int t = threadIdx.x;
    tile[t + 1] = x[t];
    __syncthreads();
    y[t] = tile[t] + tile[t + 2];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[66];
    int t = threadIdx.x;
    tile[t + 1] = x[t];
    if (t < 2) tile[t * 65] = 0.0f;
    __syncthreads();
    y[t] = tile[t] + tile[t + 2];
}
