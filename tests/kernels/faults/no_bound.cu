// More threads than elements, and no guard.
// launch: 2, 64, x=float[100], y=float[100], n=100; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = 2.0f * x[i];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 2.0f * x[i];
}
