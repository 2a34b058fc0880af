// One thread zeroes a counter that others already add to, atomically or not.
// launch: 1, 64, x=float[64], y=int[1]; expect: race
extern "C" __global__ void faulty(const float* x, int* y) {
    __shared__ int positive;
    int t = threadIdx.x;
    if (t == 0) positive = 0;  // FAULT
    if (x[t] > 0.0f || t < 2) atomicAdd(&positive, 1);  // FAULT
    __syncthreads();
    if (t == 0) y[0] = positive;
}
extern "C" __global__ void mended(const float* x, int* y) {
    __shared__ int positive;
    int t = threadIdx.x;
    if (t == 0) positive = 0;
    __syncthreads();
    if (x[t] > 0.0f || t < 2) atomicAdd(&positive, 1);
    __syncthreads();
    if (t == 0) y[0] = positive;
}
