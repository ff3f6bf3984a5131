// The orders of rows, and the random numbers that they are made of.
#include "bridge.h"
#include "planted.h"

using namespace backprop;

// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector core_row_order(Rcpp::NumericVector seed, double epoch, int count) {
  const auto order =
      row_order(as_key(seed), static_cast<std::uint32_t>(whole(epoch, 0, most_32_bits, "epoch")),
                static_cast<std::uint32_t>(whole(count, 0, most_int, "count")));
  Rcpp::IntegerVector out(order.begin(), order.end());
  return out + 1;
}

// The order of rows in shuffled blocks; `inputs`: the number of inputs, which the size of the
// blocks depends on.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector core_block_order(Rcpp::NumericVector seed, double epoch, int count,
                                     double inputs) {
  const auto number = static_cast<std::uint32_t>(whole(epoch, 0, most_32_bits, "epoch")),
             rows = static_cast<std::uint32_t>(whole(count, 0, most_int, "count")),
             size = block_rows(static_cast<std::size_t>(whole(inputs, 1, most_int, "inputs")));
  const Key key = as_key(seed);
  const auto blocks = block_order(key, number, rows, size);
  std::vector<std::uint32_t> order;
  for (std::size_t b = 0; b < blocks.size(); b += blocks_at_once)
    append_block_rows(key, number, rows, size, blocks, b, order);
  Rcpp::IntegerVector out(order.begin(), order.end());
  return out + 1;
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_philox(Rcpp::NumericVector counter, Rcpp::NumericVector key) {
  Counter c;
  require(counter.size() == 4, "A counter must have 4 words.");
  for (int i = 0; i < 4; ++i)
    c[i] = static_cast<std::uint32_t>(whole(counter[i], 0, most_32_bits, "counter"));
  planted_bug();
  const Counter words = philox(c, as_key(key));
  return Rcpp::NumericVector(words.begin(), words.end());
}
