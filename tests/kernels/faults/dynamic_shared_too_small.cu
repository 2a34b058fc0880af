// The launch gives 256 bytes; the faulty kernel uses them as 128 floats.
// launch: 1, 64, x=float[128], y=float[64], shared=256; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y) {
    extern __shared__ float room[];
    int t = threadIdx.x;
    room[t] = x[t];
    room[t + 64] = x[t + 64];  // FAULT
    __syncthreads();
    y[t] = room[t] + room[127 - t];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y) {
    extern __shared__ float room[];
    int t = threadIdx.x;
    room[t] = x[t];
    __syncthreads();
    y[t] = room[t] + room[63 - t];
}
