#include "random.h"

#include <numeric>
#include <utility>

namespace backprop {

std::vector<std::uint32_t> row_order(Key seed, std::uint32_t epoch, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Counter words{};
  std::uint32_t used = 4, blocks = 0;
  auto next = [&] {
    if (used == 4) {
      words = philox({blocks++, epoch, 0, stream_order}, seed);
      used = 0;
    }
    return words[used++];
  };
  for (std::uint32_t left = count; left > 1; --left) {
    // A uniform integer below `left` by multiplication and rejection (Lemire 2019,
    // doi:10.1145/3230636).
    std::uint64_t product = std::uint64_t{next()} * left;
    if (static_cast<std::uint32_t>(product) < left)
      for (const std::uint32_t least = -left % left; static_cast<std::uint32_t>(product) < least;)
        product = std::uint64_t{next()} * left;
    std::swap(order[left - 1], order[product >> 32]);
  }
  return order;
}

}  // namespace backprop
