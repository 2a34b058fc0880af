// The block's last warp has 16 threads; the sum reads from the other 16.
// launch: 1, 48, x=float[48], y=float[48]; expect: inactive lane
extern "C" __global__ void faulty(const float* x, float* y) {
    float sum = x[threadIdx.x];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);  // FAULT
    y[threadIdx.x] = sum;
}
extern "C" __global__ void mended(const float* x, float* y) {
    float sum = x[threadIdx.x];
    unsigned mask = threadIdx.x < 32 ? 0xffffffffu : 0xffffu;
    for (int lanes = threadIdx.x < 32 ? 16 : 8; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(mask, sum, lanes);
    y[threadIdx.x] = sum;
}
