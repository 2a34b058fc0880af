// Both branches have a barrier, but not the same one.
// launch: 1, 64, x=float[64], y=float[64]; expect: different barriers
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    if (t < 32) {
        tile[t] = x[t];
        __syncthreads();  // FAULT
    } else {
        tile[t] = -x[t];
        __syncthreads();  // FAULT
    }
    y[t] = tile[63 - t];
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    if (t < 32) tile[t] = x[t];
    else tile[t] = -x[t];
    __syncthreads();
    y[t] = tile[63 - t];
}
