// Counter-based random numbers, so that row order and dropout do not depend on how a run is split
// into chunks.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backprop {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, doi:10.1145/2063384.2063405)
inline Counter philox(Counter c, Key k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c[0], b = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

// The last word of a counter: its purpose.
enum : std::uint32_t { stream_order = 0, stream_dropout = 1 };

// The order of `count` rows in an epoch: a Fisher-Yates shuffle of 0, 1, ..., count - 1 that
// depends only on the arguments.
std::vector<std::uint32_t> row_order(Key seed, std::uint32_t epoch, std::uint32_t count);

// Blocks of consecutive rows that are read together: 1 MB of inputs in double precision, and
// between 16 and 65,536 rows. The blocks of an epoch are shuffled, and the rows of `blocks_at_once`
// consecutive blocks are shuffled together.
constexpr std::uint32_t blocks_at_once = 32;
std::uint32_t block_rows(std::size_t inputs);
std::vector<std::uint32_t> block_order(Key seed, std::uint32_t epoch, std::uint32_t count,
                                       std::uint32_t rows_of_block);
// The order of the rows of the blocks blocks[begin], ..., blocks[begin + blocks_at_once - 1] (or as
// many as there are) by such an order; `begin` is a multiple of `blocks_at_once`. It is appended to
// `order`, so that the order of all rows need not be known at once.
void append_block_rows(Key seed, std::uint32_t epoch, std::uint32_t count,
                       std::uint32_t rows_of_block, const std::vector<std::uint32_t>& blocks,
                       std::size_t begin, std::vector<std::uint32_t>& order);

}  // namespace backprop
