// Each block writes one element too many, the first of the next block's.
// launch: 4, 32, x=float[129], y=float[129]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    int start = blockIdx.x * 32;
    for (int i = start + threadIdx.x; i <= start + 32; i += 32) y[i] = 2.0f * x[i];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    int start = blockIdx.x * 32;
    for (int i = start + threadIdx.x; i < start + 32; i += 32) y[i] = 2.0f * x[i];
}
