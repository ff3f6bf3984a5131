// The one implementation of the kernels. A file for an instruction set includes it inside a
// namespace of its own, after the standard headers, the pragmas that choose the set, and
// BACKPROP_VECTOR_BYTES. It has no include guard: it is compiled once a set.

#include "vector.h"
#include "functions.h"
#include "products.h"
#include "activations.h"
#include "losses.h"
#include "update.h"
#include "small.h"

#if BACKPROP_VECTOR_BYTES == 64
// Rows that fill half a vector take half as long in vectors of that length, to the same bits.
#undef BACKPROP_VECTOR_BYTES
#define BACKPROP_VECTOR_BYTES 32
namespace half {
#include "vector.h"
#include "functions.h"
#include "activations.h"
#include "losses.h"
#include "small.h"
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

template <class T>
constexpr Kernels<T> table = {product<T>,
                              pack<T>,
                              transpose<T>,
                              wide_gradient<T>,
                              weight_gradient<T>,
                              bias_gradient<T>,
                              activate<T>,
                              multiply_slope<T>,
                              loss<T>,
                              update<T>,
                              shortest_small_epochs<T>};
