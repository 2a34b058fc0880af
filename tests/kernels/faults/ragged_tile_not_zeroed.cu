// Threads beyond the data leave their cells as they are, and the sum reads them.
// launch: 1, 64, x=float[50], y=float[1], n=50; expect: uninitialized
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    if (t < n) tile[t] = x[t];
    __syncthreads();
    if (t == 0) {
        float sum = 0.0f;
        for (int i = 0; i < 64; ++i) sum += tile[i];  // FAULT
        y[0] = sum;
    }
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    tile[t] = t < n ? x[t] : 0.0f;
    __syncthreads();
    if (t == 0) {
        float sum = 0.0f;
        for (int i = 0; i < 64; ++i) sum += tile[i];
        y[0] = sum;
    }
}
