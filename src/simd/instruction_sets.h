// The instruction sets that the kernels are compiled for, and the one in use.
#pragma once
#include "types.h"

// gcc on Windows does not align the stack for AVX spills (GCC bug 54412): the baseline alone there.
#if defined(__x86_64__) && !defined(_WIN32) && (defined(__GNUC__) || defined(__clang__))
#define BACKPROP_HAS_X86_SETS 1
#else
#define BACKPROP_HAS_X86_SETS 0
#endif

namespace backprop {

struct InstructionSet {
  const char* name;
  bool available;
  const Kernels<double>* in_double;
  const Kernels<float>* in_single;
};

// All compiled sets, the fastest last; `*count` is how many.
const InstructionSet* instruction_sets(int* count);

// The set in use: the fastest available one, until another is chosen.
const InstructionSet& instruction_set();

// Chooses by name, nullptr standing for the fastest; false where there is none of that name or the
// processor lacks it.
bool choose_instruction_set(const char* name);

template <class T> const Kernels<T>& kernels();
template <> inline const Kernels<double>& kernels<double>() { return *instruction_set().in_double; }
template <> inline const Kernels<float>& kernels<float>() { return *instruction_set().in_single; }

#define BACKPROP_DECLARE_SET(name)                      \
  extern const Kernels<double>* const name##_in_double; \
  extern const Kernels<float>* const name##_in_single;
BACKPROP_DECLARE_SET(baseline)
#if BACKPROP_HAS_X86_SETS
BACKPROP_DECLARE_SET(avx2)
BACKPROP_DECLARE_SET(avx512)
#endif

}  // namespace backprop
