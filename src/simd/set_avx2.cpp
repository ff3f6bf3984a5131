// The kernels for AVX2 with fused multiply-add.
#define BACKPROP_SET avx2
#define BACKPROP_VECTOR_BYTES 32
#define BACKPROP_TARGET "avx2,fma"
#include "set-inl.h"
