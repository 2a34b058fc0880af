// A column of a tile of 32 floats a row lies in one bank.
// launch: (2,2), (32,32), x=float[4096], y=float[4096], n=64; expect: bank conflicts
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    __shared__ float tile[32][32];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    tile[threadIdx.y][threadIdx.x] = x[r * n + c];
    __syncthreads();
    int out = (blockIdx.x * 32 + threadIdx.y) * n + blockIdx.y * 32 + threadIdx.x;
    y[out] = tile[threadIdx.x][threadIdx.y];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    __shared__ float tile[32][33];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    tile[threadIdx.y][threadIdx.x] = x[r * n + c];
    __syncthreads();
    int out = (blockIdx.x * 32 + threadIdx.y) * n + blockIdx.y * 32 + threadIdx.x;
    y[out] = tile[threadIdx.x][threadIdx.y];
}
