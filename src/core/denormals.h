// The processor's treatment of denormal numbers. Arithmetic with denormals takes up to a hundred
// times as long as other arithmetic, so the core computes with denormals flushed to zero, both as
// results (flush to zero) and as operands (denormals are zero). Each thread has its own mode.
#pragma once
#include <cstdint>

namespace backprop {

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#define BACKPROP_CAN_FLUSH_DENORMALS 1
using FloatMode = std::uint32_t;
constexpr FloatMode flush_bits = 0x8040;  // MXCSR: flush to zero, denormals are zero
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#define BACKPROP_CAN_FLUSH_DENORMALS 1
using FloatMode = std::uint64_t;
constexpr FloatMode flush_bits = std::uint64_t{1} << 24;  // FPCR: flush to zero, both ways
#else
#define BACKPROP_CAN_FLUSH_DENORMALS 0
using FloatMode = std::uint32_t;
constexpr FloatMode flush_bits = 0;
#endif

// Volatile, and a barrier for memory: the compiler does not move calls, loads and stores across.
inline FloatMode float_mode() {
  FloatMode mode = 0;
#if BACKPROP_CAN_FLUSH_DENORMALS && defined(__aarch64__)
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode) : : "memory");
#elif BACKPROP_CAN_FLUSH_DENORMALS
  __asm__ __volatile__("stmxcsr %0" : "=m"(mode) : : "memory");
#endif
  return mode;
}
inline void set_float_mode(FloatMode mode) {
#if BACKPROP_CAN_FLUSH_DENORMALS && defined(__aarch64__)
  __asm__ __volatile__("msr fpcr, %0" : : "r"(mode) : "memory");
#elif BACKPROP_CAN_FLUSH_DENORMALS
  __asm__ __volatile__("ldmxcsr %0" : : "m"(mode) : "memory");
#else
  (void)mode;
#endif
}

// Sets the mode of this thread for its own lifetime. Code of R must not run meanwhile, because an
// error of R would skip the destructor.
class DenormalMode {
 public:
  DenormalMode(const DenormalMode&) = delete;
  DenormalMode& operator=(const DenormalMode&) = delete;

 protected:
  explicit DenormalMode(bool flush) : before_(float_mode()) {
    set_float_mode(flush ? before_ | flush_bits : before_ & ~flush_bits);
  }
  // Only these bits, so that exception flags raised meanwhile stay raised.
  ~DenormalMode() { set_float_mode((float_mode() & ~flush_bits) | (before_ & flush_bits)); }

 private:
  FloatMode before_;
};

// Flushes denormals to zero.
struct FlushDenormals : private DenormalMode {
  FlushDenormals() : DenormalMode(true) {}
};
// Computes with denormals as usual, while they are flushed otherwise.
struct KeepDenormals : private DenormalMode {
  KeepDenormals() : DenormalMode(false) {}
};

}  // namespace backprop
