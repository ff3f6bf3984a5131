// Rows of encoded data in files: writing, reading and digests.
#include <cmath>
#include <cstring>

#include "bridge.h"
#include "bridge_digest.h"
#include "bridge_inputs.h"

using namespace backprop;

namespace {

// Appends blocks of rows to a file.
template <class T> class Appender {
 public:
  Appender(std::string path, bool create) : path_(std::move(path)), create_(create) {}
  // value(r, c) is the number of row r in column c.
  template <class Value> void add(std::size_t rows, std::size_t columns, Value value) {
    numbers_.resize(rows * columns);
    T* to = numbers_.data();
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c) *to++ = static_cast<T>(value(r, c));
    append_to_file(path_, numbers_.data(), numbers_.size() * sizeof(T), create_);
    create_ = false;
  }

 private:
  std::string path_;
  bool create_;
  std::vector<T> numbers_;
};

std::string joined(const std::vector<Digest>& columns) {
  Digest all;
  for (const Digest& column : columns) all.mix(column.value);
  return all.text();
}

}  // namespace

// Appends the rows of a matrix to a file of rows.
// [[Rcpp::export(rng = false)]]
void core_append_rows(std::string path, Rcpp::NumericMatrix block, bool create, bool single) {
  at_precision(single, [&](auto zero) {
    Appender<decltype(zero)> to(path, create);
    to.add(block.nrow(), block.ncol(), [&](std::size_t r, std::size_t c) { return block(r, c); });
    return 0;
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix core_read_rows(Rcpp::List X) {
  const StoredInputs from(X);
  Rcpp::NumericMatrix out(from.rows(), from.columns);
  at_precision(from.single, [&](auto zero) {
    using T = decltype(zero);
    from.each_block<T>([&](std::size_t first, std::size_t count, const auto& places) {
      for (std::size_t k = 0; k < count; ++k)
        for (std::size_t c = 0; c < from.columns; ++c) out(first + k, c) = places[k][c];
    });
    return 0;
  });
  return out;
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_read_column(Rcpp::List X, int column) {
  const StoredInputs from(X);
  require(column >= 1 && static_cast<std::size_t>(column) <= from.columns,
          "A column number is out of range.");
  Rcpp::NumericVector out(from.rows());
  at_precision(from.single, [&](auto zero) {
    using T = decltype(zero);
    from.each_block<T>([&](std::size_t first, std::size_t count, const auto& places) {
      for (std::size_t k = 0; k < count; ++k) out[first + k] = places[k][column - 1];
    });
    return 0;
  });
  return out;
}

// Whether these are the numbers of all rows in their order. A sequence of R that takes no memory is
// not expanded.
// [[Rcpp::export(rng = false)]]
bool core_are_all(SEXP numbers, double rows) {
  if (TYPEOF(numbers) != INTSXP || static_cast<double>(Rf_xlength(numbers)) != rows) return false;
  for (R_xlen_t k = 0; k < Rf_xlength(numbers); ++k)
    if (INTEGER_ELT(numbers, k) != k + 1) return false;
  return true;
}

// Writes z = (x - center) / scale of all records to another file, as clip_smoothly() in R clips it
// if `clip` is finite; 0 in the columns `constant` (from 1). Returns the least and the largest
// number, before they are rounded to single precision.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_standardize_rows(Rcpp::List X, Rcpp::NumericVector center,
                                          Rcpp::NumericVector scale, Rcpp::IntegerVector constant,
                                          double clip, std::string path, bool single) {
  const StoredInputs from(X);
  const std::size_t p = from.columns;
  require(
      static_cast<std::size_t>(center.size()) == p && static_cast<std::size_t>(scale.size()) == p,
      "There must be a centre and a scale for each column.");
  std::vector<char> zero_column(p, 0), changed(p, 0);
  for (const int c : constant) {
    require(c >= 1 && static_cast<std::size_t>(c) <= p, "A column number is out of range.");
    zero_column[c - 1] = 1;
  }
  for (std::size_t c = 0; c < p; ++c) changed[c] = center[c] != 0 || scale[c] != 1;
  auto standardized = [&](double x, std::size_t c) {
    if (zero_column[c]) return 0.0;
    const double z = changed[c] ? (x - center[c]) / scale[c] : x;
    if (!std::isfinite(clip)) return z;
    if (std::abs(z) > 1e9) return z > 0 ? clip : -clip;
    const double ratio = z / clip;
    return z / std::sqrt(1 + ratio * ratio);
  };
  double least = INFINITY, most = -INFINITY;
  at_precision(single, [&](auto zero) {
    Appender<decltype(zero)> to(path, true);
    from.each_block<double>([&](std::size_t, std::size_t count, const auto& places) {
      to.add(count, p, [&](std::size_t r, std::size_t c) {
        const double z = standardized(places[r][c], c);
        least = std::min(least, z);
        most = std::max(most, z);
        return z;
      });
    });
    return 0;
  });
  return Rcpp::NumericVector::create(least, most);
}

// A digest of the columns of a matrix or of stored rows, which is the same for either. `single`: of
// the numbers in single precision.
// [[Rcpp::export(rng = false)]]
std::string core_column_digest(SEXP X, bool single) {
  const Inputs inputs(X);
  require(!inputs.sparse, "The matrix must not be sparse.");
  std::vector<Digest> columns(inputs.columns);
  if (inputs.stored) {
    at_precision(inputs.stored->single, [&](auto zero) {
      using T = decltype(zero);
      inputs.stored->each_block<T>([&](std::size_t, std::size_t count, const auto& places) {
        for (std::size_t k = 0; k < count; ++k)
          for (std::size_t c = 0; c < columns.size(); ++c)
            columns[c].mix(static_cast<double>(places[k][c]));
      });
      return 0;
    });
  } else {
    const double* x = inputs.dense.begin();
    for (Digest& column : columns)
      for (int r = 0; r < inputs.rows; ++r, ++x)
        column.mix(single ? static_cast<double>(static_cast<float>(*x)) : *x);
  }
  return joined(columns);
}

// Goes on with the digests of columns of any type, 8 bytes for each column, from those of the
// blocks so far (none before the first). Text is taken as its bytes.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector core_block_digest(Rcpp::List columns, Rcpp::RawVector before) {
  Rcpp::RawVector after(8 * columns.size());
  require(before.size() == 0 || before.size() == after.size(), "The columns have changed.");
  for (R_xlen_t c = 0; c < columns.size(); ++c) {
    Digest digest;
    if (before.size() > 0) std::memcpy(&digest.value, &before[8 * c], 8);
    const SEXP column = columns[c];
    switch (TYPEOF(column)) {
      case REALSXP:
        for (const double x : Rcpp::NumericVector(column)) digest.mix(x);
        break;
      case INTSXP:
      case LGLSXP:
        for (R_xlen_t r = 0; r < Rf_xlength(column); ++r)
          digest.mix(static_cast<std::uint64_t>(TYPEOF(column) == INTSXP ? INTEGER(column)[r]
                                                                         : LOGICAL(column)[r]));
        break;
      case STRSXP:
        for (R_xlen_t r = 0; r < Rf_xlength(column); ++r) digest.mix(CHAR(STRING_ELT(column, r)));
        break;
      default: break;
    }
    std::memcpy(&after[8 * c], &digest.value, 8);
  }
  return after;
}
