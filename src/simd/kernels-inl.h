// The one implementation of the kernels: set-inl.h includes it inside a namespace of the set's own.
// Headers called -inl.h have no include guards, as they are compiled once a set.

#include "vector-inl.h"
#include "functions-inl.h"
#include "products-inl.h"
#include "activations-inl.h"
#include "losses-inl.h"
#include "update-inl.h"
#include "small-inl.h"

#if BACKPROP_VECTOR_BYTES == 64
// Rows that fill half a vector take half as long in vectors of that length, to the same bits.
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
