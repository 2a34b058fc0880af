// Each thread computes whole scores alone, so a warp reads keys far apart.
extern "C" __global__ void decode_attention(const float* q, const float* key_cache, const float* value_cache, float* out,
                                            const int* block_table, const int* length, int most_pages, int page,
                                            int heads, int kv_heads, int d) {
    extern __shared__ float score[];
    const int head = blockIdx.x, sequence = blockIdx.y, lane = threadIdx.x, kv_head = head / (heads / kv_heads);
    const size_t mine = ((size_t)sequence * heads + head) * d;
    const int n = length[sequence];
    for (int j = lane; j < n; j += 32) {
        const int home = block_table[sequence * most_pages + j / page];
        const size_t at = (((size_t)home * page + j % page) * kv_heads + kv_head) * d;
        float dot = 0.0f;
        for (int c = 0; c < d; ++c) dot += q[mine + c] * key_cache[at + c];
        score[j] = dot / sqrtf(d);
    }
    __syncthreads();
    float largest = -1e30f, sum = 0.0f;
    for (int j = 0; j < n; ++j) largest = fmaxf(largest, score[j]);
    for (int j = 0; j < n; ++j) sum += expf(score[j] - largest);
    for (int c = lane; c < d; c += 32) {
        float mixed = 0.0f;
        for (int j = 0; j < n; ++j) {
            const int home = block_table[sequence * most_pages + j / page];
            mixed += expf(score[j] - largest) * value_cache[(((size_t)home * page + j % page) * kv_heads + kv_head) * d + c];
        }
        out[mine + c] = n > 0 ? mixed / sum : 0.0f;
    }
}
