// The lanes of a warp are not in step of their own accord: shared memory needs __syncwarp.
// launch: 1, 32, x=float[32], y=float[1]; expect: race
extern "C" __global__ void faulty(const float* x, float* y) {
    __shared__ float partial[64];
    int lane = threadIdx.x;
    partial[lane] = x[lane];  // FAULT
    partial[lane + 32] = 0.0f;  // FAULT
    for (int half = 16; half > 0; half /= 2) {
        float other = partial[lane + half];  // FAULT
        partial[lane] += other;  // FAULT
    }
    if (lane == 0) y[0] = partial[0];
}
extern "C" __global__ void mended(const float* x, float* y) {
    __shared__ float partial[64];
    int lane = threadIdx.x;
    partial[lane] = x[lane];
    partial[lane + 32] = 0.0f;
    __syncwarp();
    for (int half = 16; half > 0; half /= 2) {
        float other = partial[lane + half];
        __syncwarp();
        partial[lane] += other;
        __syncwarp();
    }
    if (lane == 0) y[0] = partial[0];
}
