// A float4 must begin at a multiple of 16 bytes; the second element does not.
// launch: 1, 16, x=float[80], y=float[64]; expect: misaligned
extern "C" __global__ void faulty(const float* x, float* y) {
    float4 v = *reinterpret_cast<const float4*>(x + 1 + 4 * threadIdx.x);  // FAULT
    reinterpret_cast<float4*>(y)[threadIdx.x] = v;
}
extern "C" __global__ void mended(const float* x, float* y) {
    float4 v = *reinterpret_cast<const float4*>(x + 4 + 4 * threadIdx.x);
    reinterpret_cast<float4*>(y)[threadIdx.x] = v;
}
