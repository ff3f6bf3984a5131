// The instruction sets that the kernels are compiled for, and the selected one.
#pragma once
#include "types.h"

// On Windows, gcc spills vectors to stack slots that are not aligned to their size (GCC bug 54412).
// There, the other sets require an assembler that writes unaligned moves: see configure.win.
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && \
    (!defined(_WIN32) || defined(BACKPROP_UNALIGNED_MOVES))
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

// All compiled sets, the fastest last. Stores their number in `*count`.
const InstructionSet* instruction_sets(int* count);

// The selected set.
const InstructionSet& instruction_set();

// Selects a set by name; nullptr selects the fastest one that is available. False if there is no
// set of this name or the processor does not support it.
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
