// A shuffle that names all lanes is reached by half of them; the others wait at the barrier.
// launch: 1, 32, x=float[32], y=float[32]; expect: warp divergence
extern "C" __global__ void faulty(const float* x, float* y) {
    int t = threadIdx.x;
    float value = x[t];
    if (t < 16) value += __shfl_down_sync(0xffffffffu, value, 8);  // FAULT
    __syncthreads();
    y[t] = value;
}
extern "C" __global__ void mended(const float* x, float* y) {
    int t = threadIdx.x;
    float value = x[t], other = __shfl_down_sync(0xffffffffu, value, 8);
    if (t < 16) value += other;
    __syncthreads();
    y[t] = value;
}
