// One block tells another through a plain variable: nothing orders them.
// launch: 2, 32, x=float[32], y=float[32], flag=int[1]; expect: race
extern "C" __global__ void faulty(const float* x, float* y, int* flag) {
    if (blockIdx.x == 0 && threadIdx.x == 0) flag[0] = 1;  // FAULT
    if (blockIdx.x == 1 && flag[0]) y[threadIdx.x] = x[threadIdx.x];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int* flag) {
    if (blockIdx.x == 0 && threadIdx.x == 0) atomicExch(flag, 1);
    if (blockIdx.x == 1 && atomicAdd(flag, 0)) y[threadIdx.x] = x[threadIdx.x];
}
