// The one implementation of the kernels. A file for an instruction set includes it inside a namespace of its own, after the
// standard headers, the pragmas that choose the set, and BACKPROP_VECTOR_BYTES. It has no include guard: it is compiled once a set.

#include "vector.h"
#include "functions.h"
#include "products.h"
#include "activations.h"
#include "losses.h"
#include "update.h"
#include "small.h"

template <class T> constexpr Kernels<T> table = {product<T>, pack<T>, transpose<T>, wide_gradient<T>, weight_gradient<T>, bias_gradient<T>, activate<T>, multiply_slope<T>, loss<T>, update<T>,
                                                small_epochs<T>};
