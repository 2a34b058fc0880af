// Moving KV-cache blocks between GPU and host: scattered blocks are gathered into one staging buffer, so that one
// large copy crosses the link in place of many small ones, and scattered again on the way back; on request as int8.
//
// Shapes     cache (blocks, rows, d) float; list (n), the physical blocks to move, each once; staging (n, rows, d)
//            float or signed char; scale (n, rows). A row is one head's vector at one position.
// Launch     pack_blocks, unpack_blocks (and _vector): grid (any number, n), any block. pack_blocks_int8,
//            unpack_blocks_int8: grid (rows / warps, n) rounded up, block (32, warps), a warp per row, d <= 256.
// Traffic    1 read and 1 write per value; the vector rungs in a quarter of the accesses (rows * d a multiple of 4);
//            int8 moves d + 4 bytes per row over the link where float moves 4 d.
// Shared     none.
// Tolerance  pack, unpack exact. int8: half a step, scale / 2, where scale = largest magnitude of the row / 127 (1
//            where that is 0). NaN or infinity in a row becomes its scale, and all of the row NaN on the way back.
// Source     Sheng et al. 2023, FlexGen (offloading with group-wise compression).

const unsigned ALL_LANES = 0xffffffffu;
const int HELD = 8;  // values of a row that a lane keeps

extern "C" __global__ void pack_blocks(const float* cache, const int* list, float* staging, int block_values) {
    size_t from = (size_t)list[blockIdx.y] * block_values, to = (size_t)blockIdx.y * block_values;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < block_values; i += gridDim.x * blockDim.x)
        staging[to + i] = cache[from + i];
}

extern "C" __global__ void unpack_blocks(const float* staging, const int* list, float* cache, int block_values) {
    size_t from = (size_t)blockIdx.y * block_values, to = (size_t)list[blockIdx.y] * block_values;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < block_values; i += gridDim.x * blockDim.x)
        cache[to + i] = staging[from + i];
}

extern "C" __global__ void pack_blocks_vector(const float4* cache, const int* list, float4* staging, int block_values) {
    int vectors = block_values / 4;
    size_t from = (size_t)list[blockIdx.y] * vectors, to = (size_t)blockIdx.y * vectors;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < vectors; i += gridDim.x * blockDim.x)
        staging[to + i] = cache[from + i];
}

extern "C" __global__ void unpack_blocks_vector(const float4* staging, const int* list, float4* cache,
                                                int block_values) {
    int vectors = block_values / 4;
    size_t from = (size_t)blockIdx.y * vectors, to = (size_t)list[blockIdx.y] * vectors;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < vectors; i += gridDim.x * blockDim.x)
        cache[to + i] = staging[from + i];
}

// The larger of two magnitudes; a NaN wins, where fmaxf would drop it.
__device__ float larger(float a, float b) { return a != a || b <= a ? a : b; }

// Quantized on the way: a warp keeps its row in registers, finds the largest magnitude, and writes codes and scale.
extern "C" __global__ void pack_blocks_int8(const float* cache, const int* list, signed char* staging, float* scale,
                                            int rows, int d) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, lane = threadIdx.x;
    if (row >= rows) return;  // the whole warp leaves
    size_t from = ((size_t)list[blockIdx.y] * rows + row) * d, to = (size_t)blockIdx.y * rows + row;
    float held[HELD] = {}, largest = 0.0f;
#pragma unroll
    for (int i = 0; i < HELD; ++i)
        if (lane + 32 * i < d) held[i] = cache[from + lane + 32 * i];
#pragma unroll
    for (int i = 0; i < HELD; ++i) largest = larger(largest, fabsf(held[i]));
    for (int lanes = 16; lanes > 0; lanes /= 2) largest = larger(largest, __shfl_xor_sync(ALL_LANES, largest, lanes));
    float step = largest / 127.0f;
    if (step == 0.0f) step = 1.0f;
#pragma unroll
    for (int i = 0; i < HELD; ++i)
        if (lane + 32 * i < d)
            staging[to * d + lane + 32 * i] = (signed char)max(-127, min(127, __float2int_rn(held[i] / step)));
    if (lane == 0) scale[to] = step;
}

extern "C" __global__ void unpack_blocks_int8(const signed char* staging, const float* scale, const int* list,
                                              float* cache, int rows, int d) {
    int row = blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= rows) return;
    size_t from = (size_t)blockIdx.y * rows + row, to = ((size_t)list[blockIdx.y] * rows + row) * d;
    float step = scale[from];
    for (int c = threadIdx.x; c < d; c += 32) cache[to + c] = staging[from * d + c] * step;
}
