// Attention: out[q] = sum_j softmax_j(scale Q[q] . K[j]) V[j], over the keys j that query q may see.
//
// Shapes     Q, out (batch, heads, queries, d); K, V (batch, kv_heads, keys, d); S (batch, heads, queries, keys); all
//            contiguous. kv_heads divides heads: heads / kv_heads query heads share a key head (grouped queries).
//            causal: the last query stands at the last key, query q sees the keys j <= q + keys - queries.
// Launch     attention_scores: block (16, 16), grid (keys / 16, queries / 16, batch * heads), rounded up.
//            attention_weights: one block of whole warps per row of S, in place. attention_output: block (16, 16),
//            grid (d / 16, queries / 16, batch * heads). attention_tiled: block (32, 8), grid (queries / 32,
//            batch * heads), d <= 128, 128 (d + (d | 1)) bytes of dynamic shared memory.
// Traffic    beside Q, K, V and out, the materialized three move S to memory and back: 3 reads and 2 writes per cell.
//            attention_tiled never stores S; it reads K and V once for every 32 queries.
// Shared     2 KB; 4 bytes per warp; 2 KB; attention_tiled as said, 33 KB at d = 128.
// Tolerance  2e-6, relative to the norm of out. A query that sees no key gives zeros.
// Source     Dao et al. 2022, FlashAttention; Ainslie et al. 2023, GQA.

const unsigned ALL_LANES = 0xffffffffu;
const int TILE = 16, QUERIES = 32, KEYS = 32, MINE = 4;  // MINE: queries of a warp, of which a block has 8
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

__device__ float warp_max(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, lanes));
    return value;
}

__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

// The key head's index in (batch, kv_heads) for a query head's index in (batch, heads).
__device__ int key_head(int head, int heads, int kv_heads) {
    return head / heads * kv_heads + head % heads / (heads / kv_heads);
}

__device__ bool sees(int q, int j, int queries, int keys, int causal) {
    return j < keys && (!causal || j <= q + keys - queries);
}

// S = scale Q K^T, -infinity where the query may not look.
extern "C" __global__ void attention_scores(const float* Q, const float* K, float* S, int heads, int kv_heads,
                                            int queries, int keys, int d, float scale, int causal) {
    __shared__ float a[TILE][TILE], b[TILE][TILE + 1];
    int head = blockIdx.z, x = threadIdx.x, y = threadIdx.y, first_key = blockIdx.x * TILE;
    int q = blockIdx.y * TILE + y, j = first_key + x;
    Q += (size_t)head * queries * d, K += (size_t)key_head(head, heads, kv_heads) * keys * d;
    float sum = 0.0f;
    for (int first = 0; first < d; first += TILE) {
        a[y][x] = q < queries && first + x < d ? Q[(size_t)q * d + first + x] : 0.0f;
        b[y][x] = first_key + y < keys && first + x < d ? K[(size_t)(first_key + y) * d + first + x] : 0.0f;
        __syncthreads();
        for (int i = 0; i < TILE; ++i) sum += a[y][i] * b[x][i];
        __syncthreads();
    }
    if (q < queries && j < keys)
        S[((size_t)head * queries + q) * keys + j] =
            sees(q, j, queries, keys, causal) ? scale * sum : NEGATIVE_INFINITY;
}

// One block per row of S, in place; the first pass over the row finds the largest, the second sums.
extern "C" __global__ void attention_weights(float* S, int keys) {
    __shared__ float of_warp[32];
    float* row = S + (size_t)blockIdx.x * keys;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    float largest = NEGATIVE_INFINITY, sum = 0.0f;
    for (int j = threadIdx.x; j < keys; j += blockDim.x) largest = fmaxf(largest, row[j]);
    largest = warp_max(largest);
    if (lane == 0) of_warp[warp] = largest;
    __syncthreads();
    largest = warp_max(lane < warps ? of_warp[lane] : NEGATIVE_INFINITY);
    if (largest == NEGATIVE_INFINITY) largest = 0.0f;  // no key to see: exp(-infinity) is 0
    for (int j = threadIdx.x; j < keys; j += blockDim.x) sum += expf(row[j] - largest);
    sum = warp_sum(sum);
    __syncthreads();
    if (lane == 0) of_warp[warp] = sum;
    __syncthreads();
    sum = warp_sum(lane < warps ? of_warp[lane] : 0.0f);
    for (int j = threadIdx.x; j < keys; j += blockDim.x) row[j] = sum == 0.0f ? 0.0f : expf(row[j] - largest) / sum;
}

// out = P V, P the rows that attention_weights left in S.
extern "C" __global__ void attention_output(const float* P, const float* V, float* out, int heads, int kv_heads,
                                            int queries, int keys, int d) {
    __shared__ float a[TILE][TILE], b[TILE][TILE];
    int head = blockIdx.z, x = threadIdx.x, y = threadIdx.y, q = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    P += (size_t)head * queries * keys, V += (size_t)key_head(head, heads, kv_heads) * keys * d;
    float sum = 0.0f;
    for (int first = 0; first < keys; first += TILE) {
        a[y][x] = q < queries && first + x < keys ? P[(size_t)q * keys + first + x] : 0.0f;
        b[y][x] = first + y < keys && column < d ? V[(size_t)(first + y) * d + column] : 0.0f;
        __syncthreads();
        for (int i = 0; i < TILE; ++i) sum += a[y][i] * b[i][x];
        __syncthreads();
    }
    if (q < queries && column < d) out[((size_t)head * queries + q) * d + column] = sum;
}

// 32 rows of a (rows, d) matrix into shared memory, zeros where there are none.
__device__ void load_tile(float* tile, int width, const float* matrix, int first, int rows, int d) {
    for (int r = threadIdx.y; r < 32; r += blockDim.y)
        for (int c = threadIdx.x; c < d; c += 32)
            tile[r * width + c] = first + r < rows ? matrix[(size_t)(first + r) * d + c] : 0.0f;
}

// A warp keeps MINE queries: in the scores' phase lane j holds key j, in the output's phase columns j, j + 32, ...
// When a larger score comes, the output so far is scaled down; S lives for one tile, in registers. K and then V pass
// through the same shared tile; its rows of an odd width put a column's cells into different banks.
// answers Q3.5
extern "C" __global__ void attention_tiled(const float* Q, const float* K, const float* V, float* out, int heads,
                                           int kv_heads, int queries, int keys, int d, float scale, int causal) {
    extern __shared__ float shared[];  // queries (32, d), then keys or values (32, width)
    float *my_queries = shared + threadIdx.y * MINE * d, *tile = shared + QUERIES * d;
    int width = d | 1;
    int head = blockIdx.y, lane = threadIdx.x, first_query = blockIdx.x * QUERIES, q = first_query + threadIdx.y * MINE;
    size_t kv_offset = (size_t)key_head(head, heads, kv_heads) * keys * d;
    Q += (size_t)head * queries * d, out += (size_t)head * queries * d, K += kv_offset, V += kv_offset;
    load_tile(shared, d, Q, first_query, queries, d);
    float largest[MINE], sum[MINE], result[MINE][4] = {};
    for (int i = 0; i < MINE; ++i) largest[i] = NEGATIVE_INFINITY, sum[i] = 0.0f;

    int end = causal ? min(keys, first_query + QUERIES + keys - queries) : keys;  // no query here sees further
    for (int first = 0; first < end; first += KEYS) {
        __syncthreads();
        load_tile(tile, width, K, first, keys, d);
        __syncthreads();
        float score[MINE] = {};
        for (int c = 0; c < d; ++c) {
            float k = tile[lane * width + c];
#pragma unroll
            for (int i = 0; i < MINE; ++i) score[i] += my_queries[i * d + c] * k;
        }
        __syncthreads();
        load_tile(tile, width, V, first, keys, d);
#pragma unroll
        for (int i = 0; i < MINE; ++i) {
            score[i] = sees(q + i, first + lane, queries, keys, causal) ? scale * score[i] : NEGATIVE_INFINITY;
            float now = fmaxf(largest[i], warp_max(score[i])), center = now == NEGATIVE_INFINITY ? 0.0f : now;
            float shrink = expf(largest[i] - center);
            score[i] = expf(score[i] - center);
            sum[i] = sum[i] * shrink + warp_sum(score[i]);
            for (int c = 0; c < 4; ++c) result[i][c] *= shrink;
            largest[i] = now;
        }
        __syncthreads();
        for (int j = 0; j < KEYS; ++j) {
            float p[MINE];
#pragma unroll
            for (int i = 0; i < MINE; ++i) p[i] = __shfl_sync(ALL_LANES, score[i], j);
#pragma unroll
            for (int c = 0; c < 4; ++c) {
                if (lane + 32 * c >= d) break;
                float v = tile[j * width + lane + 32 * c];
                for (int i = 0; i < MINE; ++i) result[i][c] += p[i] * v;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < MINE; ++i)
#pragma unroll
        for (int c = 0; c < 4; ++c)
            if (q + i < queries && lane + 32 * c < d)
                out[(size_t)(q + i) * d + lane + 32 * c] = sum[i] == 0.0f ? 0.0f : result[i][c] / sum[i];
}
