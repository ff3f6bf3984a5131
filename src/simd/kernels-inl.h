// The kernels. set-inl.h includes this file in the namespace of each instruction set. The tables
// and the headers with suffix -inl.h are compiled once for each set, so they have no include
// guards.

#include "vector-inl.h"
#include "functions-inl.h"
#include "products-inl.h"
#include "gradients-inl.h"
#include "reflections-inl.h"
#include "activations-inl.h"
#include "losses-inl.h"
#include "update-inl.h"
#include "small-inl.h"

#if BACKPROP_VECTOR_BYTES == 64
// With at most half a vector of rows, vectors of half the length are faster. The results are
// bit-identical.
#undef BACKPROP_VECTOR_BYTES
#define BACKPROP_VECTOR_BYTES 32
namespace half {
#include "vector-inl.h"
#include "functions-inl.h"
#include "activations-inl.h"
#include "losses-inl.h"
#include "small-inl.h"
}  // namespace half
#undef BACKPROP_VECTOR_BYTES
#define BACKPROP_VECTOR_BYTES 64
template <class T>
void shortest_small_epochs(const SmallNetwork<T>& network, std::size_t epochs, const T* rates,
                           T scale, double* losses) noexcept {
  (network.rows <= half::vector_size<T> ? half::small_epochs<T>
                                        : small_epochs<T>)(network, epochs, rates, scale, losses);
}
#else
template <class T> constexpr auto shortest_small_epochs = small_epochs<T>;
#endif

template <class T> constexpr Kernels<T> all_kernels() {
  Kernels<T> kernels{};
  kernels.product = product<T>;
  kernels.pack = pack<T>;
  kernels.transpose = transpose<T>;
  kernels.wide_gradient = wide_gradient<T>;
  kernels.weight_gradient = weight_gradient<T>;
  kernels.bias_gradient = bias_gradient<T>;
  kernels.inner_products = inner_products<T>;
  kernels.subtract_products = subtract_products<T>;
  kernels.activate = activate<T>;
  kernels.multiply_slope = multiply_slope<T>;
  kernels.loss = loss<T>;
  kernels.update = update<T>;
  kernels.small_epochs = shortest_small_epochs<T>;
  return kernels;
}
template <class T> constexpr Kernels<T> table = all_kernels<T>();
