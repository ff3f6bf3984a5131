// The kernels for the instructions that all processors of the architecture support.
#define BACKPROP_SET baseline
#define BACKPROP_VECTOR_BYTES 16
#include "set-inl.h"
