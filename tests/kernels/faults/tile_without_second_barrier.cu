// The next tile is loaded while slower threads still read the last one.
// launch: 1, 64, x=float[256], y=float[64]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k) {
        tile[t] = x[k * 64 + t];  // FAULT
        __syncthreads();
        sum += tile[(t + 33) % 64];  // FAULT
    }
    y[t] = sum;
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float tile[64];
    int t = threadIdx.x;
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k) {
        tile[t] = x[k * 64 + t];
        __syncthreads();
        sum += tile[(t + 33) % 64];
        __syncthreads();
    }
    y[t] = sum;
}
