// The kernels for the instructions that every processor of this kind has.
#define BACKPROP_SET baseline
#define BACKPROP_VECTOR_BYTES 16
#include "set-inl.h"
