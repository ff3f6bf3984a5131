#include "random.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace backprop {

namespace {

// Shuffles numbers with the random numbers of the stream `which` (Fisher-Yates).
void shuffle(Key seed, std::uint32_t epoch, std::uint32_t which, std::uint32_t* numbers,
             std::uint32_t count) {
  Counter words{};
  std::uint32_t used = 4, blocks = 0;
  auto next = [&] {
    if (used == 4) {
      words = philox({blocks++, epoch, which, stream_order}, seed);
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
    std::swap(numbers[left - 1], numbers[product >> 32]);
  }
}

std::vector<std::uint32_t> shuffled(Key seed, std::uint32_t epoch, std::uint32_t which,
                                    std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  shuffle(seed, epoch, which, order.data(), count);
  return order;
}

// The streams of an epoch: 0 for all rows, 1 for blocks, the others for the rows of some blocks.
enum : std::uint32_t { of_rows = 0, of_blocks = 1, of_rows_of_blocks = 2 };

}  // namespace

std::vector<std::uint32_t> row_order(Key seed, std::uint32_t epoch, std::uint32_t count) {
  return shuffled(seed, epoch, of_rows, count);
}

std::uint32_t block_rows(std::size_t inputs) {
  const std::size_t rows = (std::size_t{1} << 17) / std::max<std::size_t>(inputs, 1);
  return static_cast<std::uint32_t>(std::min(std::max<std::size_t>(rows, 16), std::size_t{65536}));
}

std::vector<std::uint32_t> block_order(Key seed, std::uint32_t epoch, std::uint32_t count,
                                       std::uint32_t rows_of_block) {
  return shuffled(seed, epoch, of_blocks, count / rows_of_block + (count % rows_of_block > 0));
}

void append_block_rows(Key seed, std::uint32_t epoch, std::uint32_t count,
                       std::uint32_t rows_of_block, const std::vector<std::uint32_t>& blocks,
                       std::size_t begin, std::vector<std::uint32_t>& order) {
  const std::size_t before = order.size(), end = std::min(blocks.size(), begin + blocks_at_once);
  for (std::size_t b = begin; b < end; ++b) {
    const std::uint32_t first = blocks[b] * rows_of_block;
    for (std::uint32_t r = 0; r < std::min(rows_of_block, count - first); ++r)
      order.push_back(first + r);
  }
  shuffle(seed, epoch, of_rows_of_blocks + static_cast<std::uint32_t>(begin / blocks_at_once),
          order.data() + before, static_cast<std::uint32_t>(order.size() - before));
}

}  // namespace backprop
