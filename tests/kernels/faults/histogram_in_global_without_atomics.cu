// Counters in global memory are incremented by plain adds, from several blocks.
// launch: 4, 32, x=uchar[128], y=int[256]; expect: race
extern "C" __global__ void faulty(const unsigned char* x, int* y) {
    y[x[blockIdx.x * 32 + threadIdx.x] % 8] += 1;  // FAULT
}
extern "C" __global__ void mended(const unsigned char* x, int* y) {
    atomicAdd(&y[x[blockIdx.x * 32 + threadIdx.x] % 8], 1);
}
