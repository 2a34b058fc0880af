// Each thread walks over its own run of elements, so neighbors are 64 bytes apart.
// launch: 1, 32, x=float[512], y=float[32]; expect: coalescing
extern "C" __global__ void faulty(const float* x, float* y) {
    float sum = 0.0f;
    for (int k = 0; k < 16; ++k) sum += x[threadIdx.x * 16 + k];  // FAULT
    y[threadIdx.x] = sum;
}
extern "C" __global__ void mended(const float* x, float* y) {
    float sum = 0.0f;
    for (int k = 0; k < 16; ++k) sum += x[k * 32 + threadIdx.x];
    y[threadIdx.x] = sum;
}
