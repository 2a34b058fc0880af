// A lane without a visible key holds 0 in the search for the largest.
__device__ float warp_max(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, lanes));
    return value;
}

__device__ float warp_sum(float value) {
    for (int lanes = 16; lanes > 0; lanes /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

extern "C" __global__ void attention_softmax_short(const float* scores, const int* lengths,
                                                   float* y, int heads, int queries, int keys,
                                                   float scale, int causal) {
    // scores, y (batch, heads, queries, keys), keys <= 32; lengths (batch) or NULL
    // block (32, rows per block), grid (rows of a sequence / rows per block, batch)
    const int key = threadIdx.x, rows = heads * queries;
    const int row = blockIdx.x * blockDim.y + threadIdx.y;  // of this sequence
    if (row >= rows) return;  // the whole warp leaves
    int visible = keys;
    if (causal) visible = min(visible, row % queries + 1 + keys - queries);
    if (lengths != nullptr) visible = min(visible, lengths[blockIdx.y]);
    const size_t i = ((size_t)blockIdx.y * rows + row) * keys + key;

    const float score = key < visible ? scale * scores[i] : 0.0f;
    const float largest = warp_max(score);
    const float power = key < visible ? expf(score - largest) : 0.0f;
    const float sum = warp_sum(power);
    if (key < keys) y[i] = key < visible ? power / sum : 0.0f;
}
