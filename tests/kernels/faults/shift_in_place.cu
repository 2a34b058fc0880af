// Each thread reads its neighbor's cell while the neighbor overwrites it.
// launch: 1, 64, x=float[64], y=float[64]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float row[64];
    int t = threadIdx.x;
    row[t] = x[t];
    __syncthreads();
    if (t < 63) row[t] = row[t + 1];  // FAULT
    __syncthreads();
    y[t] = row[t];
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float row[64];
    int t = threadIdx.x;
    row[t] = x[t];
    __syncthreads();
    float next = row[t < 63 ? t + 1 : t];
    __syncthreads();
    row[t] = next;
    __syncthreads();
    y[t] = row[t];
}
