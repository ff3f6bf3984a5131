// The kernels for AVX-512 with the extensions of server and desktop processors.
#define BACKPROP_SET avx512
#define BACKPROP_VECTOR_BYTES 64
#define BACKPROP_TARGET "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw"
#include "set-inl.h"
