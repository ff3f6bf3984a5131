// The kernels, compiled for avx2,fma.
// Only raw pointers and plain numbers cross this file's border, and no inline function of the
// standard library is called here, so that nothing compiled for one set can be merged with code for
// another.
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "instruction_sets.h"
#if BACKPROP_HAS_X86_SETS

#include <immintrin.h>

#if defined(__clang__)
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC optimize("fp-contract=off")
#pragma GCC target("avx2,fma")
#endif

#define BACKPROP_VECTOR_BYTES 32
namespace backprop {
namespace avx2 {
#include "kernels.h"
}  // namespace avx2

const Kernels<double>* const avx2_in_double = &avx2::table<double>;
const Kernels<float>* const avx2_in_single = &avx2::table<float>;
}  // namespace backprop

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
