// Everyone reads the block's result before its last writer is done.
// launch: 1, 64, x=float[64], y=float[64]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float total;
    int t = threadIdx.x;
    if (t == 0) {
        float sum = 0.0f;
        for (int i = 0; i < 64; ++i) sum += x[i];
        total = sum;  // FAULT
    }
    y[t] = x[t] / total;  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float total;
    int t = threadIdx.x;
    if (t == 0) {
        float sum = 0.0f;
        for (int i = 0; i < 64; ++i) sum += x[i];
        total = sum;
    }
    __syncthreads();
    y[t] = x[t] / total;
}
