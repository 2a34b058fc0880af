// Shared memory does not begin as zero.
// launch: 2, 32, x=float[64], y=int[2]; expect: uninitialized
extern "C" __global__ void faulty(const float* x, int* y) {
    __shared__ int count;
    atomicAdd(&count, x[blockIdx.x * 32 + threadIdx.x] > 0.0f);  // FAULT
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = count;
}
extern "C" __global__ void mended(const float* x, int* y) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    atomicAdd(&count, x[blockIdx.x * 32 + threadIdx.x] > 0.0f);
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = count;
}
