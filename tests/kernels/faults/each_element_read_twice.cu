// Two passes over global memory where one would do.
// launch: 2, 64, x=float[128], y=float[128]; expect: reads
extern "C" __global__ void faulty(const float* x, float* y) {
    int i = blockIdx.x * 64 + threadIdx.x;
    float largest = 0.0f;
    for (int k = 0; k < 64; ++k) largest = fmaxf(largest, x[blockIdx.x * 64 + k]);  // FAULT
    y[i] = x[i] / largest;
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float row[64];
    int i = blockIdx.x * 64 + threadIdx.x;
    float mine = row[threadIdx.x] = x[i], largest = 0.0f;
    __syncthreads();
    for (int k = 0; k < 64; ++k) largest = fmaxf(largest, row[k]);
    y[i] = mine / largest;
}
