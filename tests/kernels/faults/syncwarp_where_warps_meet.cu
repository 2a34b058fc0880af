// __syncwarp orders one warp; these threads belong to two.
// launch: 1, 64, x=float[64], y=float[64]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    tile[t] = x[t];  // FAULT
    __syncwarp();
    y[t] = tile[63 - t];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    tile[t] = x[t];
    __syncwarp();
    y[t] = tile[t ^ 31];
}
