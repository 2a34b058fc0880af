// Lets the first thread of each block copy all keys and values.
extern "C" __global__ void attention_tiled(const float* q, const float* k, const float* v, float* out,
                                           int queries, int keys, int d, int group, int causal) {
    // q, out (heads, queries, d); k, v (heads / group, keys, d)
    __shared__ float k_tile[32 * 64], v_tile[32 * 64];
    const int t = threadIdx.x, row = blockIdx.x * 32 + t;
    q += ((size_t)blockIdx.y * queries + row) * d;
    out += ((size_t)blockIdx.y * queries + row) * d;
    k += (size_t)(blockIdx.y / group) * keys * d;
    v += (size_t)(blockIdx.y / group) * keys * d;
    const int sees = row >= queries ? 0 : causal ? row + keys - queries + 1 : keys;
    float query[64], o[64] = {}, m = -1e30f, s = 0.0f;
    if (row < queries)
        for (int c = 0; c < d; ++c) query[c] = q[c] / sqrtf((float)d);
    for (int first = 0; first < keys; first += 32) {
        const int count = min(32, keys - first);
        for (int i = 0; t == 0 && i < count * d; ++i) {
            k_tile[i] = k[(size_t)first * d + i];
            v_tile[i] = v[(size_t)first * d + i];
        }
        __syncthreads();
        for (int j = 0; j < min(count, sees - first); ++j) {
            float score = 0.0f;
            for (int c = 0; c < d; ++c) score += query[c] * k_tile[j * d + c];
            const float larger = fmaxf(m, score), shrink = expf(m - larger), weight = expf(score - larger);
            s = s * shrink + weight;
            for (int c = 0; c < d; ++c) o[c] = o[c] * shrink + weight * v_tile[j * d + c];
            m = larger;
        }
        __syncthreads();  // nobody fills the next tile while someone still uses this one
    }
    if (row < queries)
        for (int c = 0; c < d; ++c) out[c] = s > 0.0f ? o[c] / s : 0.0f;
}
