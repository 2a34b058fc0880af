// Threads beyond the data leave before the others wait for them.
// launch: 2, 64, x=float[100], y=float[2], n=100; expect: barrier divergence
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    tile[t] = 0.0f;
    if (i >= n) return;
    tile[t] = x[i];
    __syncthreads();  // FAULT
    if (t == 0) y[blockIdx.x] = tile[0] + tile[1];
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    tile[t] = i < n ? x[i] : 0.0f;
    __syncthreads();
    if (t == 0) y[blockIdx.x] = tile[0] + tile[1];
}
