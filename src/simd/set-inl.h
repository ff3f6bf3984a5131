// Compiles the kernels for one instruction set. Each set's file defines the following macros and
// includes this file:
//
//   BACKPROP_SET           the name of the set, which is also its namespace
//   BACKPROP_VECTOR_BYTES  the size of its vectors
//   BACKPROP_TARGET        the compiler's names of its instructions; not defined for the baseline
//
// The kernels take only raw pointers and plain numbers and call no inline functions of the standard
// library, so that the linker can't merge code for different sets. Headers of other projects are
// included before the pragmas.
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "instruction_sets.h"

#if BACKPROP_HAS_X86_SETS || !defined(BACKPROP_TARGET)

#define BACKPROP_PRAGMA_OF(text) _Pragma(#text)
#define BACKPROP_PRAGMA(text) BACKPROP_PRAGMA_OF(text)
#define BACKPROP_JOIN_OF(a, b) a##b
#define BACKPROP_JOIN(a, b) BACKPROP_JOIN_OF(a, b)

#ifdef BACKPROP_TARGET
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifdef __clang__
#pragma clang fp contract(off)
#ifdef BACKPROP_TARGET
BACKPROP_PRAGMA(clang attribute push(__attribute__((target(BACKPROP_TARGET))), apply_to = function))
#endif
#else
#pragma GCC optimize("fp-contract=off")
#ifdef BACKPROP_TARGET
BACKPROP_PRAGMA(GCC target(BACKPROP_TARGET))
#endif
#endif

namespace backprop {
namespace BACKPROP_SET {
#include "kernels-inl.h"
}  // namespace BACKPROP_SET

const Kernels<double>* const BACKPROP_JOIN(BACKPROP_SET, _in_double) = &BACKPROP_SET::table<double>;
const Kernels<float>* const BACKPROP_JOIN(BACKPROP_SET, _in_single) = &BACKPROP_SET::table<float>;
}  // namespace backprop

#if defined(__clang__) && defined(BACKPROP_TARGET)
#pragma clang attribute pop
#endif

#endif
