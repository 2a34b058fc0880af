// The first thread's left neighbor does not exist.
// launch: 1, 64, x=float[64], y=float[64]; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y) {
    int i = threadIdx.x;
    y[i] = x[i] - x[i - 1];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    int i = threadIdx.x;
    y[i] = i > 0 ? x[i] - x[i - 1] : x[i];
}
