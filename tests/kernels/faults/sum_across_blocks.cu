// Blocks add their sums to one cell without atomics; they run in any order and at the same time.
// launch: 4, 32, x=float[128], y=float[1]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    float sum = x[blockIdx.x * 32 + threadIdx.x];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
    if (threadIdx.x == 0) y[0] += sum;  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    float sum = x[blockIdx.x * 32 + threadIdx.x];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
    if (threadIdx.x == 0) atomicAdd(&y[0], sum);
}
