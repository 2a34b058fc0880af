// Counters in shared memory are incremented by plain adds.
// launch: 1, 64, x=uchar[64], y=int[4]; expect: race
extern "C" __global__ void faulty(const unsigned char* x, int* y) {
    __shared__ int count[4];
    int t = threadIdx.x;
    if (t < 4) count[t] = 0;
    __syncthreads();
    count[x[t] % 4] += 1;  // FAULT
    __syncthreads();
    if (t < 4) y[t] = count[t];
}
extern "C" __global__ void mended(const unsigned char* x, int* y) {
    __shared__ int count[4];
    int t = threadIdx.x;
    if (t < 4) count[t] = 0;
    __syncthreads();
    atomicAdd(&count[x[t] % 4], 1);
    __syncthreads();
    if (t < 4) y[t] = count[t];
}
