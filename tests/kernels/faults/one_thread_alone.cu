// One thread does the work of its warp, so each sector moves for a single number.
// launch: 1, 32, x=float[256], y=float[256], n=256; expect: coalescing
extern "C" __global__ void faulty(const float* x, float* y, int n) {
    if (threadIdx.x == 0)
        for (int i = 0; i < n; ++i) y[i] = x[i];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int n) {
    for (int i = threadIdx.x; i < n; i += 32) y[i] = x[i];
}
