// An array of numbers, aligned to 64 bytes and initialised to 0 unless Unset is given.
#pragma once
#include <algorithm>
#include <memory>

#include "../simd/types.h"
#include "large_pages.h"

namespace backprop {

inline std::size_t round_up(std::size_t count, std::size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

template <class T> class Buffer {
 public:
  enum class Unset { yes };
  Buffer(std::size_t count, Unset)
      : size_(round_up(count, line<T>)),
        data_(static_cast<T*>(allocate_array(bytes())), Release{bytes()}) {}
  explicit Buffer(std::size_t count = 0) : Buffer(count, Unset::yes) {
    std::fill_n(data_.get(), size_, T(0));
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Release {
    std::size_t bytes = 0;
    void operator()(T* p) const { release_array(p, bytes); }
  };
  std::size_t bytes() const { return std::max<std::size_t>(size_, 1) * sizeof(T); }
  std::size_t size_;
  std::unique_ptr<T[], Release> data_;
};

}  // namespace backprop
