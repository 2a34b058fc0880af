// Each thread moves a run of neighbors, so the threads of a warp touch memory far apart.
extern "C" __global__ void append_kv(const float* keys, const float* values, float* key_cache, float* value_cache,
                                     const int* block_table, const int* length, int most_pages, int page, int row) {
    const int sequence = blockIdx.x, position = length[sequence];
    if (position < 0) return;
    const int home = block_table[sequence * most_pages + position / page];
    const size_t to = ((size_t)home * page + position % page) * row, from = (size_t)sequence * row;
    const int run = (row + blockDim.x - 1) / blockDim.x * 4;
    for (int i = threadIdx.x * run; i < min(row, (int)(threadIdx.x + 1) * run); ++i) {
        key_cache[to + i] = keys[from + i];
        value_cache[to + i] = values[from + i];
    }
}
