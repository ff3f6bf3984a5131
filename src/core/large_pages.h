// Memory for large arrays. Linux gives out memory in pages of 4 kB, at the first use of each, which
// takes longer than the use itself. It gives large pages to programs that ask for them.
#pragma once
#include <cstddef>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace backprop {

constexpr std::size_t large_page = std::size_t{1} << 21;

// The alignment of an array of this size. Small ones are aligned to a line of the cache.
inline std::align_val_t alignment_for([[maybe_unused]] std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  if (bytes >= 2 * large_page) return std::align_val_t{large_page};
#endif
  return std::align_val_t{64};
}

inline void* allocate_array(std::size_t bytes) {
  void* const p = ::operator new[](bytes, alignment_for(bytes));
#if defined(MADV_HUGEPAGE)
  // if the system does not do it, nothing is lost but time
  if (bytes >= 2 * large_page) madvise(p, bytes / large_page * large_page, MADV_HUGEPAGE);
#endif
  return p;
}

inline void release_array(void* p, std::size_t bytes) {
  ::operator delete[](p, alignment_for(bytes));
}

}  // namespace backprop
