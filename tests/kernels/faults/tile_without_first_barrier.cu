// Threads multiply from a tile that others have not filled yet.
// launch: 2, 64, x=float[128], y=float[128]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    tile[t] = x[i];  // FAULT
    y[i] = tile[63 - t];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    tile[t] = x[i];
    __syncthreads();
    y[i] = tile[63 - t];
}
