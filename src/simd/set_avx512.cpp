// The kernels, compiled for avx512f,avx512dq,avx512vl,avx512bw.
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
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC optimize("fp-contract=off")
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")
#endif

#define BACKPROP_VECTOR_BYTES 64
namespace backprop {
namespace avx512 {
#include "kernels.h"
}  // namespace avx512

const Kernels<double>* const avx512_in_double = &avx512::table<double>;
const Kernels<float>* const avx512_in_single = &avx512::table<float>;
}  // namespace backprop

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
