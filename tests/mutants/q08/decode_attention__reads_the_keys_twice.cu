// The keys are read once for the largest score and once more for the sum.
extern "C" __global__ void decode_attention(const float* q, const float* key_cache, const float* value_cache, float* out,
                                            const int* block_table, const int* length, int most_pages, int page,
                                            int heads, int kv_heads, int d) {
    const int head = blockIdx.x, sequence = blockIdx.y, lane = threadIdx.x, kv_head = head / (heads / kv_heads);
    const size_t mine = ((size_t)sequence * heads + head) * d;
    float mixed[4] = {}, largest = -1e30f, sum = 0.0f;
    for (int pass = 0; pass < 2; ++pass)
        for (int j = 0; j < length[sequence]; ++j) {
            const int home = block_table[sequence * most_pages + j / page];
            const size_t at = (((size_t)home * page + j % page) * kv_heads + kv_head) * d;
            float score = 0.0f;
            for (int c = lane; c < d; c += 32) score += q[mine + c] * key_cache[at + c] / sqrtf(d);
            for (int lanes = 16; lanes > 0; lanes /= 2) score += __shfl_xor_sync(0xffffffffu, score, lanes);
            if (pass == 0) largest = fmaxf(largest, score);
            if (pass == 1) {
                const float p = expf(score - largest);
                for (int i = 0; lane + 32 * i < d; ++i) mixed[i] += p * value_cache[at + lane + 32 * i];
                sum += p;
            }
        }
    for (int i = 0; lane + 32 * i < d; ++i) out[mine + lane + 32 * i] = sum > 0.0f ? mixed[i] / sum : 0.0f;
}
