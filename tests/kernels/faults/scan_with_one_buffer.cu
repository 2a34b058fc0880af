// A prefix sum that reads and writes one buffer between two barriers.
// launch: 1, 64, x=float[64], y=float[64]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float sums[64];
    int t = threadIdx.x;
    sums[t] = x[t];
    __syncthreads();
    for (int step = 1; step < 64; step *= 2) {
        if (t >= step) sums[t] += sums[t - step];  // FAULT
        __syncthreads();
    }
    y[t] = sums[t];
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float sums[2][64];
    int t = threadIdx.x, now = 0;
    sums[0][t] = x[t];
    __syncthreads();
    for (int step = 1; step < 64; step *= 2) {
        sums[1 - now][t] = sums[now][t] + (t >= step ? sums[now][t - step] : 0.0f);
        now = 1 - now;
        __syncthreads();
    }
    y[t] = sums[now][t];
}
