// The host runtime's half.h is always there; this file only lets CUDA's own include line stand.
