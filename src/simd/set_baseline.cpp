// The kernels for the instructions that all processors of the architecture support: SSE2 on x86-64,
// NEON with fused multiply-add on 64-bit Arm.
#define BACKPROP_SET baseline
#define BACKPROP_VECTOR_BYTES 16
#include "set-inl.h"
