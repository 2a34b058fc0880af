// An optional array is read without asking whether it was given.
// launch: 1, 32, x=float[32], y=float[32], bias=null; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y, const float* bias) {
    int i = threadIdx.x;
    y[i] = x[i] + bias[i];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, const float* bias) {
    int i = threadIdx.x;
    y[i] = x[i] + (bias ? bias[i] : 0.0f);
}
