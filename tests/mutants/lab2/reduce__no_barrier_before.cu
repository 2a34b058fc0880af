// No barrier between the threads' own results and the first addition.
extern "C" __global__ void reduce_strided(const float* x, float* y, const int* shape,
                                          const int* x_strides, const int* y_strides,
                                          int x_offset, int y_offset,
                                          int ndim, int axis, int operation) {
    // 0 sum, 1 max
    __shared__ float part[256];
    int left = blockIdx.x;
    for (int d = ndim - 1; d >= 0; --d) {
        if (d == axis) continue;
        const int place = left % shape[d];
        left /= shape[d];
        x_offset += place * x_strides[d];
        y_offset += place * y_strides[d];
    }
    const int t = threadIdx.x;
    float own = operation == 0 ? 0.0f : -INFINITY;
    for (int i = t; i < shape[axis]; i += blockDim.x) {
        const float value = x[x_offset + i * x_strides[axis]];
        if (operation == 0) own += value;
        else if (value > own || value != value) own = value;  // NaN stays
    }
    part[t] = own;
    for (int count = blockDim.x; count > 1;) {
        const int half = (count + 1) / 2;
        if (t < count - half) {
            const float other = part[t + half];
            if (operation == 0) part[t] += other;
            else if (other > part[t] || other != other) part[t] = other;
        }
        __syncthreads();
        count = half;
    }
    if (t == 0) y[y_offset] = part[0];
}
