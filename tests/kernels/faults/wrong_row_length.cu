// Rows are taken to be as long as columns.
// launch: 1, (16,8), x=float[128], y=float[128], rows=8, columns=16; expect: out of bounds
extern "C" __global__ void faulty(const float* x, float* y, int rows, int columns) {
    int r = threadIdx.y, c = threadIdx.x;
    y[r * columns + c] = x[c * columns + r];  // FAULT
}
extern "C" __global__ void mended(const float* x, float* y, int rows, int columns) {
    int r = threadIdx.y, c = threadIdx.x;
    y[r * columns + c] = x[r * columns + columns - 1 - c];
}
