// The last thread reads one cell behind the tile.
// launch: 1, 64, x=float[64], y=float[64]; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    tile[t] = x[t];
    __syncthreads();
    y[t] = tile[t] + tile[t + 1];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[65];
    int t = threadIdx.x;
    tile[t] = x[t];
    if (t == 0) tile[64] = 0.0f;
    __syncthreads();
    y[t] = tile[t] + tile[t + 1];
}
