// A paged KV cache: blocks of `page` positions that belong to whichever sequence needs them, and decode attention
// over them (one new query per sequence).
//
// Shapes     key_cache, value_cache (pages, page, kv_heads, d). block_table (sequences, most_pages): the physical
//            pages of each sequence in order. append_kv: keys, values (tokens, kv_heads, d); sequence, position
//            (tokens), sequence < 0 for a token of padding. decode_attention: Q, out (sequences, heads, d); length
//            (sequences), keys to see. Splits: partial (splits, sequences, heads, d), largest, sum (splits,
//            sequences, heads). d <= 128, for append_kv_vector and decode_attention_split a multiple of 4.
// Launch     append_kv: grid tokens, any block. decode_attention: grid (heads, sequences), a block of whole warps,
//            4 bytes of dynamic shared memory a key of the longest sequence. decode_attention_split: grid
//            (kv_heads * ceil(heads / kv_heads / 4), sequences, splits), block 128. combine_splits: grid (heads,
//            sequences), block >= d.
// Traffic    append: 1 read, 1 write per value. decode_attention: K and V once per query head. decode_attention_split:
//            K and V once for four query heads of a group, 16 bytes per access.
// Shared     decode_attention as said; decode_attention_split 16.3 KB.
// Tolerance  append exact; attention 2e-6, relative to the norm of out. A sequence of length 0 gives zeros.
// Source     Kwon et al. 2023, PagedAttention; Dao et al. 2023, Flash-Decoding.

const unsigned ALL_LANES = 0xffffffffu;
const int GROUP = 4, TEAMS = 8, WIDEST = 128;  // a team is 16 lanes, which read a key together
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

// Where a position's vectors begin in the cache: its page comes from the table.
// answers Q8.5 and Q8.6
__device__ size_t cache_offset(const int* pages, int position, int page, int kv_heads, int d) {
    return ((size_t)pages[position / page] * page + position % page) * kv_heads * d;
}

// answers Q8.5
extern "C" __global__ void append_kv(const float* keys, const float* values, float* key_cache, float* value_cache,
                                     const int* block_table, const int* sequence, const int* position, int most_pages,
                                     int page, int kv_heads, int d) {
    int token = blockIdx.x, owner = sequence[token];
    if (owner < 0) return;
    size_t to = cache_offset(block_table + (size_t)owner * most_pages, position[token], page, kv_heads, d);
    size_t from = (size_t)token * kv_heads * d;
    for (int i = threadIdx.x; i < kv_heads * d; i += blockDim.x) {
        key_cache[to + i] = keys[from + i];
        value_cache[to + i] = values[from + i];
    }
}

// answers Q8.5
extern "C" __global__ void append_kv_vector(const float4* keys, const float4* values, float4* key_cache,
                                            float4* value_cache, const int* block_table, const int* sequence,
                                            const int* position, int most_pages, int page, int kv_heads, int d) {
    int token = blockIdx.x, owner = sequence[token];
    if (owner < 0) return;
    size_t to = cache_offset(block_table + (size_t)owner * most_pages, position[token], page, kv_heads, d / 4);
    size_t from = (size_t)token * kv_heads * (d / 4);
    for (int i = threadIdx.x; i < kv_heads * (d / 4); i += blockDim.x) {
        key_cache[to + i] = keys[from + i];
        value_cache[to + i] = values[from + i];
    }
}

__device__ float warp_max(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, lanes));
    return value;
}

__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

// One block a query head. All scores of the sequence stand in shared memory: a warp takes a key at a time, then
// every thread the largest and the sum, then a thread per column of the output.
// answers Q8.6
extern "C" __global__ void decode_attention(const float* Q, const float* key_cache, const float* value_cache,
                                            float* out, const int* block_table, const int* length, int most_pages,
                                            int page, int heads, int kv_heads, int d, float scale) {
    extern __shared__ float score[];
    int head = blockIdx.x, sequence = blockIdx.y, keys = length[sequence], kv_head = head / (heads / kv_heads);
    int lane = threadIdx.x % 32;
    const int* pages = block_table + (size_t)sequence * most_pages;
    const float* query = Q + ((size_t)sequence * heads + head) * d;
    for (int j = threadIdx.x / 32; j < keys; j += blockDim.x / 32) {
        const float* key = key_cache + cache_offset(pages, j, page, kv_heads, d) + kv_head * d;
        float dot = 0.0f;
        for (int c = lane; c < d; c += 32) dot += query[c] * key[c];
        dot = warp_sum(dot);
        if (lane == 0) score[j] = scale * dot;
    }
    __syncthreads();
    float largest = NEGATIVE_INFINITY, sum = 0.0f;
    for (int j = lane; j < keys; j += 32) largest = fmaxf(largest, score[j]);
    largest = warp_max(largest);
    for (int j = lane; j < keys; j += 32) sum += expf(score[j] - largest);
    sum = warp_sum(sum);
    for (int c = threadIdx.x; c < d; c += blockDim.x) {
        float result = 0.0f;
        for (int j = 0; j < keys; ++j) {
            const float* value = value_cache + cache_offset(pages, j, page, kv_heads, d) + kv_head * d;
            result += expf(score[j] - largest) * value[c];
        }
        out[((size_t)sequence * heads + head) * d + c] = keys == 0 ? 0.0f : result / sum;
    }
}

__device__ float dot4(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

__device__ void add_scaled(float4& to, float keep, float p, float4 v) {
    to = make_float4(to.x * keep + p * v.x, to.y * keep + p * v.y, to.z * keep + p * v.z, to.w * keep + p * v.w);
}

// Each key and value is read once for up to four query heads, and `splits` blocks share a sequence's keys, so that
// a few long sequences fill the GPU. A team of 16 lanes takes a key at a time, lane i the columns 4i.. and 64 + 4i..,
// and keeps its own running maximum and sum for each head; the teams' results are merged at the end.
extern "C" __global__ void __launch_bounds__(128)
decode_attention_split(const float* Q, const float* key_cache, const float* value_cache, float* partial, float* largest,
                       float* sum, const int* block_table, const int* length, int most_pages, int page, int heads,
                       int kv_heads, int d, float scale) {
    __shared__ float of_team[TEAMS][GROUP][WIDEST], team_largest[TEAMS][GROUP], team_sum[TEAMS][GROUP];
    int group = heads / kv_heads, parts = (group + GROUP - 1) / GROUP, kv_head = blockIdx.x / parts;
    int first = blockIdx.x % parts * GROUP, mine = min(GROUP, group - first), head = kv_head * group + first;
    int sequence = blockIdx.y, keys = length[sequence], team = threadIdx.x / 16, column = threadIdx.x % 16 * 4;
    const int* pages = block_table + (size_t)sequence * most_pages;
    float4 zero = make_float4(0.0f, 0.0f, 0.0f, 0.0f), query[GROUP][2], result[GROUP][2];
    float high[GROUP], total[GROUP];
#pragma unroll
    for (int g = 0; g < GROUP; ++g) {
        high[g] = NEGATIVE_INFINITY, total[g] = 0.0f;
        for (int h = 0; h < 2; ++h) {
            const float* from = Q + ((size_t)sequence * heads + head + g) * d + column + 64 * h;
            query[g][h] = g < mine && column + 64 * h < d ? *(const float4*)from : zero;
            result[g][h] = zero;
        }
    }
    // All teams go the same number of rounds, because the lanes of a warp shuffle together.
    for (int round = blockIdx.z * TEAMS; round < keys; round += gridDim.z * TEAMS) {
        int j = round + team;
        float4 k[2] = {zero, zero}, v[2] = {zero, zero};
        if (j < keys) {
            size_t at = cache_offset(pages, j, page, kv_heads, d) + kv_head * d + column;
#pragma unroll
            for (int h = 0; h < 2; ++h)
                if (column + 64 * h < d) {
                    k[h] = *(const float4*)(key_cache + at + 64 * h);
                    v[h] = *(const float4*)(value_cache + at + 64 * h);
                }
        }
#pragma unroll
        for (int g = 0; g < GROUP; ++g) {
            float score = dot4(query[g][0], k[0]) + dot4(query[g][1], k[1]);
            for (int lanes = 8; lanes > 0; lanes /= 2) score += __shfl_xor_sync(ALL_LANES, score, lanes);
            if (j >= keys) continue;
            float now = fmaxf(high[g], scale * score), keep = expf(high[g] - now), p = expf(scale * score - now);
            high[g] = now, total[g] = total[g] * keep + p;
            for (int h = 0; h < 2; ++h) add_scaled(result[g][h], keep, p, v[h]);
        }
    }
#pragma unroll
    for (int g = 0; g < GROUP; ++g) {
        if (threadIdx.x % 16 == 0) team_largest[team][g] = high[g], team_sum[team][g] = total[g];
        for (int h = 0; h < 2; ++h) *(float4*)&of_team[team][g][column + 64 * h] = result[g][h];
    }
    __syncthreads();
    int c = threadIdx.x;
    for (int g = 0; g < mine; ++g) {
        float top = NEGATIVE_INFINITY, whole = 0.0f, merged = 0.0f;
        for (int t = 0; t < TEAMS; ++t) top = fmaxf(top, team_largest[t][g]);
        for (int t = 0; t < TEAMS; ++t) {
            float weight = team_sum[t][g] == 0.0f ? 0.0f : expf(team_largest[t][g] - top);
            whole += weight * team_sum[t][g], merged += weight * of_team[t][g][c];
        }
        size_t row = ((size_t)blockIdx.z * gridDim.y + sequence) * heads + head + g;
        if (c < d) partial[row * d + c] = merged;
        if (c == 0) largest[row] = top, sum[row] = whole;
    }
}

// The splits' results, each scaled to the largest score of all.
extern "C" __global__ void combine_splits(const float* partial, const float* largest, const float* sum, float* out,
                                          int splits, int d) {
    int c = threadIdx.x;
    size_t row = (size_t)blockIdx.y * gridDim.x + blockIdx.x, rows = (size_t)gridDim.x * gridDim.y;
    if (c >= d) return;
    float top = NEGATIVE_INFINITY, whole = 0.0f, merged = 0.0f;
    for (int s = 0; s < splits; ++s) top = fmaxf(top, largest[s * rows + row]);
    for (int s = 0; s < splits; ++s) {
        float weight = sum[s * rows + row] == 0.0f ? 0.0f : expf(largest[s * rows + row] - top);
        whole += weight * sum[s * rows + row], merged += weight * partial[(s * rows + row) * d + c];
    }
    out[row * d + c] = whole == 0.0f ? 0.0f : merged / whole;
}
