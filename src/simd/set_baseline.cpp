// The kernels, compiled for the instructions that every processor of this kind has.
// Only raw pointers and plain numbers cross this file's border, and no inline function of the
// standard library is called here, so that nothing compiled for one set can be merged with code for
// another.
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "instruction_sets.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

#define BACKPROP_VECTOR_BYTES 16
namespace backprop {
namespace baseline {
#include "kernels.h"
}  // namespace baseline

const Kernels<double>* const baseline_in_double = &baseline::table<double>;
const Kernels<float>* const baseline_in_single = &baseline::table<float>;
}  // namespace backprop
