// Digests that identify data.
#include "bridge_digest.h"

#include "bridge.h"
#include "bridge_inputs.h"
#include "bridge_targets.h"

using namespace backprop;

// A digest of vectors and matrices: of their numbers and lengths. Rows in a file count as a matrix,
// whose columns are read in groups.
// [[Rcpp::export(rng = false)]]
std::string core_digest(Rcpp::List parts) {
  Digest digest;
  auto take = [&](const auto& numbers) {
    digest.mix(static_cast<std::uint64_t>(numbers.size()));
    for (const double x : numbers) digest.mix(x);
  };
  auto take_stored = [&](const StoredInputs& from) {
    const std::size_t rows = from.rows(),
                      group = std::max<std::size_t>(1, (1u << 22) / std::max<std::size_t>(rows, 1));
    digest.mix(static_cast<std::uint64_t>(rows * from.columns));
    std::vector<double> numbers;
    if (group == 1) {  // a pass for each column
      for (std::size_t c = 0; c < from.columns; ++c)
        from.each_block<double>([&](std::size_t, std::size_t count, const auto& places) {
          for (std::size_t k = 0; k < count; ++k) digest.mix(places[k][c]);
        });
      return;
    }
    for (std::size_t begin = 0; begin < from.columns; begin += group) {
      const std::size_t columns = std::min(group, from.columns - begin);
      numbers.resize(rows * columns);
      from.each_block<double>([&](std::size_t first, std::size_t count, const auto& places) {
        for (std::size_t k = 0; k < count; ++k)
          for (std::size_t c = 0; c < columns; ++c)
            numbers[c * rows + first + k] = places[k][begin + c];
      });
      for (const double x : numbers) digest.mix(x);
    }
  };
  auto take_targets = [&](const Targets& targets) {
    digest.mix(static_cast<std::uint64_t>(targets.rows * targets.columns));
    for (std::size_t c = 0; c < targets.columns; ++c)
      for (std::size_t r = 0; r < targets.rows; ++r) digest.mix(targets(r, c) > 0 ? 1.0 : 0.0);
  };
  for (R_xlen_t i = 0; i < parts.size(); ++i) {
    const SEXP part = parts[i];
    if (Rf_isNull(part))
      digest.mix(std::uint64_t{0});
    else if (Rf_inherits(part, "nn_indicators"))
      take_targets(Targets(part));
    else if (TYPEOF(part) == VECSXP)
      take_stored(StoredInputs(Rcpp::List(part)));
    else if (TYPEOF(part) == INTSXP)
      take(Rcpp::IntegerVector(part));
    else
      take(Rcpp::NumericVector(part));
  }
  return digest.text();
}

// A digest of a matrix as the sum of digests of its numbers and their places, so that the digests
// of some of its rows add up to that of all: the two halves of a sum modulo 2^64. `before`: the
// number of rows before those of X. `single`: of the numbers in single precision. Zeros of a sparse
// matrix do not count, and of a coded one only its numbers and the columns of its levels do.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_sum_digest(SEXP X, double before, bool single) {
  const Inputs given(X);
  std::uint64_t sum = 0;
  auto add = [&](double row, int column, double x) {
    Digest digest;
    digest.mix(static_cast<std::uint64_t>(row));
    digest.mix(static_cast<std::uint64_t>(column));
    digest.mix(single ? static_cast<double>(static_cast<float>(x)) : x);
    sum += digest.value;
  };
  if (given.coded()) {
    const CodedInputs& code = *given.code;
    for (R_xlen_t k = 0; k < code.columns.size(); ++k)
      for (int r = 0; r < given.rows; ++r) add(before + r, code.columns[k] - 1, code.numbers(r, k));
    for (std::size_t k = 0; k < code.codes.size(); ++k)
      for (int r = 0; r < given.rows; ++r)
        add(before + r, given.columns + static_cast<int>(k), code.codes[k][r]);
  } else if (given.stored) {
    at_precision(given.stored->single, [&](auto zero) {
      using T = decltype(zero);
      given.stored->each_block<T>([&](std::size_t first, std::size_t count, const auto& places) {
        for (std::size_t k = 0; k < count; ++k)
          for (int c = 0; c < given.columns; ++c)
            add(before + static_cast<double>(first + k), c, static_cast<double>(places[k][c]));
      });
      return 0;
    });
  } else if (given.sparse) {
    for (int c = 0; c < given.columns; ++c)
      for (int k = given.p[c]; k < given.p[c + 1]; ++k) add(before + given.i[k], c, given.x[k]);
  } else {
    for (int c = 0; c < given.columns; ++c)
      for (int r = 0; r < given.rows; ++r) add(before + r, c, given.dense(r, c));
  }
  return Rcpp::NumericVector::create(static_cast<double>(sum >> 32),
                                     static_cast<double>(sum & 0xFFFFFFFF));
}
