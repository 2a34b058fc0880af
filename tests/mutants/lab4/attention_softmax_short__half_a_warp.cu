// The reductions begin at 8, so each half of a warp has its own result.
__device__ float warp_max(float value) {
    for (int lanes = 8; lanes > 0; lanes /= 2)
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, lanes));
    return value;
}

__device__ float warp_sum(float value) {
    for (int lanes = 8; lanes > 0; lanes /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

extern "C" __global__ void attention_softmax_short(const float* scores, const int* lengths,
                                                   float* y, int heads, int queries, int keys,
                                                   float scale, int causal) {
    // scores, y (batch, heads, queries, keys), keys <= 32; lengths (batch) or NULL
    // block (32, rows a block), grid (rows of a sequence / rows a block, batch)
    const int key = threadIdx.x, rows = heads * queries;
    const int row = blockIdx.x * blockDim.y + threadIdx.y;  // of this sequence
    if (row >= rows) return;  // the whole warp leaves
    int visible = keys;
    if (causal) visible = min(visible, row % queries + 1 + keys - queries);
    if (lengths != nullptr) visible = min(visible, lengths[blockIdx.y]);
    const size_t i = ((size_t)blockIdx.y * rows + row) * keys + key;

    const float score = key < visible ? scale * scores[i] : -INFINITY;
    const float largest = warp_max(score);
    const float power = key < visible ? expf(score - largest) : 0.0f;
    const float sum = warp_sum(power);
    if (key < keys) y[i] = key < visible ? power / sum : 0.0f;
}
