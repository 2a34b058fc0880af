// The loop with the barrier runs once more for some threads than for others.
// launch: 1, 64, x=float[100], y=float[64], n=100; expect: barrier divergence
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    float sum = 0.0f;
    for (int i = t; i < n; i += 64) {
        tile[t] = x[i];
        __syncthreads();  // FAULT
        sum += tile[t];
    }
    y[t] = sum;
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    float sum = 0.0f;
    for (int i = t; i - t < n; i += 64) {
        tile[t] = i < n ? x[i] : 0.0f;
        __syncthreads();
        sum += tile[t];
    }
    y[t] = sum;
}
