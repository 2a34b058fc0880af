// Neighbors in a warp write a whole row apart.
// launch: (2,2), (32,32), x=float[4096], y=float[4096], n=64; expect: coalescing
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    y[c * n + r] = x[r * n + c];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[32][33];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    tile[threadIdx.y][threadIdx.x] = x[r * n + c];
    __syncthreads();
    y[(blockIdx.x * 32 + threadIdx.y) * n + blockIdx.y * 32 + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}
