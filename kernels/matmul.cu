// Matrix product, C = A B.
//
// Shapes     A (batch, m, k), B (batch, k, n), C (batch, m, n), row-major float; matmul_tensor_core: A, B half.
// Launch     grid.z = batch. The grid's x and y count tiles of C, x along its columns:
//                                  block       tile of C     reads of A and B from global memory, per product
//            matmul_naive          (X, Y)      Y x X         2
//            matmul_tiled          (16, 16)    16 x 16       1/8
//            matmul_blocked        256         64 x 64       1/32
//            matmul_vectorized     256         128 x 128     1/64, in accesses of 16 bytes
//            matmul_tensor_core    128         64 x 64       1/32, of 2 bytes each
// Traffic    C is written once. A tile that hangs over the edge reads zeros in place of memory.
// Shared     from naive to tensor cores: none, 2 KB, 8 KB, 16.3 KB (two buffers), 5.3 KB.
// Tolerance  1e-6, relative to the norm of C; tensor cores 1e-5 of the product of the values rounded to half.
// Source     Volkov and Demmel 2008 (register blocking); NVIDIA CUTLASS, "Efficient GEMM in CUDA" (warp tiles,
//            two buffers); PTX ISA, "Matrix Fragments for mma.m16n8k16".

const int TILE = 16;

// One thread per cell of C: every value of A is read n times, every value of B m times.
extern "C" __global__ void matmul_naive(const float* A, const float* B, float* C, int m, int k, int n) {
    A += (size_t)blockIdx.z * m * k, B += (size_t)blockIdx.z * k * n, C += (size_t)blockIdx.z * m * n;
    int row = blockIdx.y * blockDim.y + threadIdx.y, column = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= m || column >= n) return;
    float sum = 0.0f;
    for (int i = 0; i < k; ++i) sum += A[(size_t)row * k + i] * B[(size_t)i * n + column];
    C[(size_t)row * n + column] = sum;
}

// A block shares what its threads need: each value is read once per tile in place of once per cell.
extern "C" __global__ void matmul_tiled(const float* A, const float* B, float* C, int m, int k, int n) {
    __shared__ float a[TILE][TILE], b[TILE][TILE];
    A += (size_t)blockIdx.z * m * k, B += (size_t)blockIdx.z * k * n, C += (size_t)blockIdx.z * m * n;
    int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    float sum = 0.0f;
    for (int first = 0; first < k; first += TILE) {
        a[y][x] = row < m && first + x < k ? A[(size_t)row * k + first + x] : 0.0f;
        b[y][x] = first + y < k && column < n ? B[(size_t)(first + y) * n + column] : 0.0f;
        __syncthreads();
        for (int i = 0; i < TILE; ++i) sum += a[y][i] * b[i][x];
        __syncthreads();  // before the next tile overwrites this one
    }
    if (row < m && column < n) C[(size_t)row * n + column] = sum;
}

// A thread computes 4 x 4 cells, 16 apart: eight reads of shared memory serve sixteen products, not eight.
extern "C" __global__ void matmul_blocked(const float* A, const float* B, float* C, int m, int k, int n) {
    __shared__ float a[64][TILE], b[TILE][64];
    A += (size_t)blockIdx.z * m * k, B += (size_t)blockIdx.z * k * n, C += (size_t)blockIdx.z * m * n;
    int t = threadIdx.x, x = t % TILE, y = t / TILE, top = blockIdx.y * 64, left = blockIdx.x * 64;
    float sum[4][4] = {};
    for (int first = 0; first < k; first += TILE) {
        for (int s = 0; s < 4; ++s) {
            int row = y + TILE * s, deep = t / 64 + 4 * s, column = t % 64;
            a[row][x] = top + row < m && first + x < k ? A[(size_t)(top + row) * k + first + x] : 0.0f;
            bool inside = first + deep < k && left + column < n;
            b[deep][column] = inside ? B[(size_t)(first + deep) * n + left + column] : 0.0f;
        }
        __syncthreads();
        for (int i = 0; i < TILE; ++i) {
            float u[4], v[4];
            for (int s = 0; s < 4; ++s) u[s] = a[y + TILE * s][i], v[s] = b[i][x + TILE * s];
            for (int r = 0; r < 4; ++r)
                for (int c = 0; c < 4; ++c) sum[r][c] += u[r] * v[c];
        }
        __syncthreads();
    }
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 4; ++c) {
            int row = top + y + TILE * r, column = left + x + TILE * c;
            if (row < m && column < n) C[(size_t)row * n + column] = sum[r][c];
        }
}

// Four neighboring values of a matrix row, zeros outside; one access where it is aligned and inside.
__device__ float4 load4(const float* matrix, int row, int column, int rows, int columns) {
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (row >= rows || column >= columns) return v;
    const float* p = matrix + (size_t)row * columns + column;
    if (columns % 4 == 0 && (size_t)matrix % 16 == 0) return *(const float4*)p;
    v.x = p[0];
    if (column + 1 < columns) v.y = p[1];
    if (column + 2 < columns) v.z = p[2];
    if (column + 3 < columns) v.w = p[3];
    return v;
}

__device__ void store4(float* matrix, int row, int column, int rows, int columns, const float* v) {
    if (row >= rows || column >= columns) return;
    float* p = matrix + (size_t)row * columns + column;
    if (columns % 4 == 0 && (size_t)matrix % 16 == 0) {
        *(float4*)p = make_float4(v[0], v[1], v[2], v[3]);
        return;
    }
    for (int c = 0; c < 4; ++c)
        if (column + c < columns) p[c] = v[c];
}

// 8 x 8 cells per thread, 32 x 64 per warp. A lies transposed in shared memory, so that both operands come as float4;
// the next tile is fetched into registers while this one is multiplied, and stored to the other buffer: one
// barrier per step. The row of 132 puts the transposed stores of a warp into 32 different banks.
extern "C" __global__ void __launch_bounds__(256, 2)
matmul_vectorized(const float* A, const float* B, float* C, int m, int k, int n) {
    const int SIDE = 128, DEPTH = 8;
    __shared__ float a[2][DEPTH][SIDE + 4], b[2][DEPTH][SIDE];
    A += (size_t)blockIdx.z * m * k, B += (size_t)blockIdx.z * k * n, C += (size_t)blockIdx.z * m * n;
    int t = threadIdx.x, warp = t / 32, lane = t % 32, top = blockIdx.y * SIDE, left = blockIdx.x * SIDE;
    int a_row = t / 2, a_deep = t % 2 * 4, b_deep = t / 32, b_column = t % 32 * 4;  // what this thread fetches
    int row = warp / 2 * 32 + lane / 8 * 4, column = warp % 2 * 64 + lane % 8 * 4;  // what it computes, and +16, +32
    float sum[8][8] = {};
    float4 next_a = load4(A, top + a_row, a_deep, m, k), next_b = load4(B, b_deep, left + b_column, k, n);
    for (int first = 0; first < k; first += DEPTH) {
        int buffer = first / DEPTH % 2;
        a[buffer][a_deep][a_row] = next_a.x;
        a[buffer][a_deep + 1][a_row] = next_a.y;
        a[buffer][a_deep + 2][a_row] = next_a.z;
        a[buffer][a_deep + 3][a_row] = next_a.w;
        *(float4*)&b[buffer][b_deep][b_column] = next_b;
        __syncthreads();
        next_a = load4(A, top + a_row, first + DEPTH + a_deep, m, k);  // zeros behind the last tile
        next_b = load4(B, first + DEPTH + b_deep, left + b_column, k, n);
#pragma unroll
        for (int i = 0; i < DEPTH; ++i) {
            float4 u[2], v[2];
            for (int h = 0; h < 2; ++h) {
                u[h] = *(const float4*)&a[buffer][i][row + 16 * h];
                v[h] = *(const float4*)&b[buffer][i][column + 32 * h];
            }
            const float *left_factor = &u[0].x, *right_factor = &v[0].x;
#pragma unroll
            for (int r = 0; r < 8; ++r)
#pragma unroll
                for (int c = 0; c < 8; ++c) sum[r][c] += left_factor[r] * right_factor[c];
        }
    }
    for (int r = 0; r < 8; ++r)
        for (int h = 0; h < 2; ++h)
            store4(C, top + row + r / 4 * 16 + r % 4, left + column + 32 * h, m, n, &sum[r][4 * h]);
}

// c += a b for a 16 x 16 and a 16 x 8 matrix spread over a warp, two halves a register. Lane 4 g + t holds rows g
// and g + 8 of a and c, and column g of b: a[0], a[1] the depths 2t and 2t + 1, a[2], a[3] those + 8, b alike;
// c the columns 2t and 2t + 1. On a GPU this is one instruction (two before sm_80); elsewhere its meaning, spelled out.
__device__ void multiply_fragments(float c[4], const half2 a[4], const half2 b[2]) {
#if defined(__CUDA_ARCH__)
    const unsigned *x = (const unsigned*)a, *y = (const unsigned*)b;
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
#else
    for (int h = 0; h < 2; ++h)
        asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(x[2 * h]), "r"(x[2 * h + 1]), "r"(y[h]));
#endif
#else
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    for (int source = 0; source < 4; ++source)
        for (int h = 0; h < 2; ++h)
            for (int i = 0; i < 4; ++i) {
                float2 left = __half22float2(__shfl_sync(0xffffffffu, a[2 * h + i / 2], 4 * g + source));
                float2 right = __half22float2(__shfl_sync(0xffffffffu, b[h], 4 * (2 * t + i % 2) + source));
                c[i] += left.x * right.x + left.y * right.y;
            }
#endif
}

// Four warps, each 32 x 32 cells as 2 x 4 fragments. Eight halves more a row put the reads of a fragment into
// different banks.
extern "C" __global__ void matmul_tensor_core(const half* A, const half* B, float* C, int m, int k, int n) {
    const int SIDE = 64, DEPTH = 16;
    __shared__ half a[SIDE][DEPTH + 8], b[DEPTH][SIDE + 8];
    A += (size_t)blockIdx.z * m * k, B += (size_t)blockIdx.z * k * n, C += (size_t)blockIdx.z * m * n;
    int thread = threadIdx.x, warp = thread / 32, g = thread % 32 / 4, t = thread % 4;
    int top = blockIdx.y * SIDE, left = blockIdx.x * SIDE, row = warp / 2 * 32, column = warp % 2 * 32;
    float sum[2][4][4] = {};
    for (int first = 0; first < k; first += DEPTH) {
        for (int i = thread; i < SIDE * DEPTH; i += blockDim.x) {
            int r = i / DEPTH, d = i % DEPTH, e = i / SIDE, c = i % SIDE;
            a[r][d] = top + r < m && first + d < k ? A[(size_t)(top + r) * k + first + d] : __float2half(0.0f);
            b[e][c] = first + e < k && left + c < n ? B[(size_t)(first + e) * n + left + c] : __float2half(0.0f);
        }
        __syncthreads();
        half2 u[2][4], v[4][2];
        for (int r = 0; r < 2; ++r)
            for (int i = 0; i < 4; ++i) u[r][i] = *(const half2*)&a[row + 16 * r + g + i % 2 * 8][2 * t + i / 2 * 8];
        for (int c = 0; c < 4; ++c)
            for (int i = 0; i < 2; ++i) {
                int deep = 2 * t + i * 8, x = column + 8 * c + g;
                v[c][i] = __halves2half2(b[deep][x], b[deep + 1][x]);
            }
        for (int r = 0; r < 2; ++r)
            for (int c = 0; c < 4; ++c) multiply_fragments(sum[r][c], u[r], v[c]);
        __syncthreads();
    }
    for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 4; ++c)
            for (int h = 0; h < 2; ++h) {  // the four lanes of a row write 32 neighboring bytes
                int y = top + row + 16 * r + g + 8 * h, x = left + column + 8 * c + 2 * t;
                float* to = C + (size_t)y * n + x;
                if (y >= m || x >= n) continue;
                if ((size_t)to % 8 == 0 && x + 1 < n) {
                    *(float2*)to = make_float2(sum[r][c][2 * h], sum[r][c][2 * h + 1]);
                } else {
                    to[0] = sum[r][c][2 * h];
                    if (x + 1 < n) to[1] = sum[r][c][2 * h + 1];
                }
            }
}
