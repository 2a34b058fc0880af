// Only some threads of the block come to the barrier.
// launch: 1, 64, x=float[64], y=float[64], n=40; expect: barrier divergence
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    if (t < n) {
        tile[t] = x[t];
        __syncthreads();  // FAULT
        y[t] = tile[n - 1 - t];
    }
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    if (t < n) tile[t] = x[t];
    __syncthreads();
    if (t < n) y[t] = tile[n - 1 - t];
}
