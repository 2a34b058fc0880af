// A stencil that writes the array it reads: the neighbor may have written already.
// launch: 2, 64, x=float[130], y=float[130]; expect: race
extern "C" __global__ void faulty(float* x, float* y) {
    int i = blockIdx.x * 64 + threadIdx.x + 1;
    y[i] = x[i];
    x[i] = 0.5f * (x[i - 1] + x[i + 1]);  // FAULT
}
extern "C" __global__ void mended(float* x, float* y) {
    int i = blockIdx.x * 64 + threadIdx.x + 1;
    y[i] = 0.5f * (x[i - 1] + x[i + 1]);
}
