#include "instruction_sets.h"

#include <cstring>

namespace backprop {

namespace {

#if BACKPROP_HAS_X86_SETS
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#endif

struct Table {
  InstructionSet sets[3];
  int count = 0;
  int chosen = 0;
  Table() {
    sets[count++] = {"baseline", true, baseline_in_double, baseline_in_single};
#if BACKPROP_HAS_X86_SETS
    __builtin_cpu_init();
    sets[count++] = {"avx2", has_avx2(), avx2_in_double, avx2_in_single};
    sets[count++] = {"avx512", has_avx512(), avx512_in_double, avx512_in_single};
#endif
  }
};

Table& table() {
  static Table value;
  return value;
}

}  // namespace

const InstructionSet* instruction_sets(int* count) {
  *count = table().count;
  return table().sets;
}

const InstructionSet& instruction_set() { return table().sets[table().chosen]; }

bool choose_instruction_set(const char* name) {
  for (int i = table().count - 1; i >= 0; --i) {
    if (!table().sets[i].available || (name && std::strcmp(name, table().sets[i].name) != 0))
      continue;
    table().chosen = i;
    return true;
  }
  return false;
}

}  // namespace backprop
