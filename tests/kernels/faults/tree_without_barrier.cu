// A tree reduction whose levels do not wait for each other.
// launch: 2, 128, x=float[256], y=float[2]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float partial[128];
    int t = threadIdx.x;
    partial[t] = x[blockIdx.x * 128 + t];
    __syncthreads();
    for (int half = 64; half > 0; half /= 2)
        if (t < half) partial[t] += partial[t + half];  // FAULT
    if (t == 0) y[blockIdx.x] = partial[0];
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float partial[128];
    int t = threadIdx.x;
    partial[t] = x[blockIdx.x * 128 + t];
    __syncthreads();
    for (int half = 64; half > 0; half /= 2) {
        if (t < half) partial[t] += partial[t + half];
        __syncthreads();
    }
    if (t == 0) y[blockIdx.x] = partial[0];
}
