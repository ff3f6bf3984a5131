// Converts R's matrices to the core's rows; checks and digests of data.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "bridge.h"

using namespace backprop;

namespace {

template <class T>
Rows<T> copy_rows(const Inputs& X, const Rcpp::NumericMatrix& y, const Rcpp::NumericVector& weights,
                  const Rcpp::NumericVector& case_weights,
                  const Rcpp::Nullable<Rcpp::NumericMatrix>& offset,
                  const Rcpp::IntegerVector& which) {
  const std::size_t n = which.size();
  Rows<T> rows(n, X.columns, y.ncol(), offset.isNotNull(), !X.sparse && !X.stored);
  // Transposes blocks of rows: small enough for the written block to stay in the first-level cache,
  // and large enough to read contiguous runs of each column.
  auto copy = [&](const Rcpp::NumericMatrix& from, Buffer<T>& to) {
    constexpr std::size_t at_once = 64;
    const std::size_t columns = from.ncol(), all = from.nrow();
    const int* const row = which.begin();
    for (std::size_t begin = 0; begin < n; begin += at_once)
      for (std::size_t c = 0; c < columns; ++c) {
        const double* const column = from.begin() + c * all - 1;
        T* target = to.data() + begin * columns + c;
        for (std::size_t r = begin; r < std::min(n, begin + at_once); ++r, target += columns)
          *target = static_cast<T>(column[row[r]]);
      }
  };
  if (X.sparse) {
    rows.sparse_x = X.by_row<T>(which);
  } else if (X.stored) {
    rows.stored_x = X.stored->by_row<T>(which);
  } else {
    copy(X.dense, rows.x);
  }
  copy(y, rows.y);
  if (offset.isNotNull()) copy(Rcpp::NumericMatrix(offset.get()), rows.offset);
  for (std::size_t i = 0; i < n; ++i) {
    const double w = weights.size() ? weights[which[i] - 1] : 1.0;
    rows.weight.data()[i] = static_cast<T>(w);
    rows.total_weight += w;
  }
  rows.total_case_weight = rows.total_weight;
  if (case_weights.size()) {
    rows.case_weight = Buffer<T>(n);
    rows.total_case_weight = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double w = case_weights[which[i] - 1];
      rows.case_weight.data()[i] = static_cast<T>(w);
      rows.total_case_weight += w;
    }
  }
  return rows;
}

}  // namespace

// [[Rcpp::export(rng = false)]]
SEXP core_rows(SEXP X, Rcpp::NumericMatrix y, Rcpp::NumericVector weights,
               Rcpp::Nullable<Rcpp::NumericMatrix> offset, Rcpp::IntegerVector which, bool single,
               Rcpp::NumericVector case_weights = Rcpp::NumericVector::create()) {
  const Inputs inputs(X);
  require(y.nrow() == inputs.rows, "The targets must have a row for each row of the data.");
  require(weights.size() == 0 || weights.size() == inputs.rows,
          "There must be a weight for each row of the data.");
  require(case_weights.size() == 0 || case_weights.size() == inputs.rows,
          "There must be a case weight for each row of the data.");
  if (offset.isNotNull()) check_offset(Rcpp::NumericMatrix(offset.get()), inputs.rows, y.ncol());
  check_row_numbers(which, inputs.rows);
  return RowsPointer(
      single ? new AnyRows(copy_rows<float>(inputs, y, weights, case_weights, offset, which))
             : new AnyRows(copy_rows<double>(inputs, y, weights, case_weights, offset, which)));
}

// Tells rows where they are among those of all processes that train together: how many come before
// them, how many there are, and the total weights of all.
// [[Rcpp::export(rng = false)]]
void core_place_rows(SEXP pointer, double before, double all, double total_weight,
                     double total_case_weight) {
  std::visit(
      [&](auto& rows) {
        rows.all = static_cast<std::size_t>(whole(all, 1, most_int, "all"));
        rows.before = static_cast<std::size_t>(
            whole(before, 0, all - static_cast<double>(rows.count), "before"));
        rows.total_weight = total_weight;
        rows.total_case_weight = total_case_weight;
      },
      *RowsPointer(pointer));
}

// The 1-based index of the first number that is NA, NaN or infinite; 0 if all are finite.
// [[Rcpp::export(rng = false)]]
double core_first_not_finite(const Rcpp::NumericVector& x) {
  constexpr R_xlen_t block = 1024, lanes = 8;
  const double* p = x.begin();
  for (R_xlen_t begin = 0; begin < x.size(); begin += block) {
    const R_xlen_t end = std::min(x.size(), begin + block);
    double sums[lanes] = {};
    R_xlen_t at = begin;
    for (; at + lanes <= end; at += lanes)
      for (R_xlen_t lane = 0; lane < lanes; ++lane) sums[lane] += p[at + lane] * 0.0;
    for (; at < end; ++at) sums[0] += p[at] * 0.0;
    if (std::all_of(sums, sums + lanes, [](double sum) { return sum == 0.0; })) continue;
    for (R_xlen_t i = begin; i < end; ++i)
      if (!std::isfinite(p[i])) return static_cast<double>(i) + 1;
  }
  return 0;
}

// A digest of numbers that does not depend on the versions of R or other packages. The bits of each
// number and the lengths are mixed by multiplicative hashing (Knuth). It detects changes of data
// but is not cryptographic.
// [[Rcpp::export(rng = false)]]
std::string core_digest(Rcpp::List parts) {
  std::uint64_t digest = 0x243F6A8885A308D3;
  auto mix = [&](std::uint64_t word) {
    digest = (digest ^ word) * 0x9E3779B97F4A7C15;
    digest ^= digest >> 32;
  };
  auto take = [&](const auto& numbers) {
    mix(static_cast<std::uint64_t>(numbers.size()));
    for (const double x : numbers) {
      std::uint64_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      mix(bits);
    }
  };
  for (R_xlen_t i = 0; i < parts.size(); ++i) {
    const SEXP part = parts[i];
    if (Rf_isNull(part))
      mix(0);
    else if (TYPEOF(part) == INTSXP)
      take(Rcpp::IntegerVector(part));
    else
      take(Rcpp::NumericVector(part));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(digest));
  return text;
}

// A digest of a matrix as the sum of digests of its numbers and their places, so that the digests
// of some of its rows add up to that of all: the two halves of a sum modulo 2^64. `before`: the
// number of rows before those of X. Zeros of a sparse matrix do not count.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_sum_digest(SEXP X, double before) {
  const Inputs given(X);
  std::uint64_t sum = 0;
  auto add = [&](double row, int column, double x) {
    std::uint64_t digest = 0x243F6A8885A308D3, bits;
    std::memcpy(&bits, &x, sizeof bits);
    for (const std::uint64_t word :
         {static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(column), bits}) {
      digest = (digest ^ word) * 0x9E3779B97F4A7C15;
      digest ^= digest >> 32;
    }
    sum += digest;
  };
  if (given.sparse) {
    for (int c = 0; c < given.columns; ++c)
      for (int k = given.p[c]; k < given.p[c + 1]; ++k) add(before + given.i[k], c, given.x[k]);
  } else {
    for (int c = 0; c < given.columns; ++c)
      for (int r = 0; r < given.rows; ++r) add(before + r, c, given.dense(r, c));
  }
  return Rcpp::NumericVector::create(static_cast<double>(sum >> 32),
                                     static_cast<double>(sum & 0xFFFFFFFF));
}

namespace {

// Appends a number with 17 significant digits, as C prints it except for the decimal separator of
// the locale. What JSON has no number for is a string.
void append_number(double x, std::string& text) {
  if (R_IsNA(x)) {
    text += "\"NA\"";
  } else if (std::isnan(x)) {
    text += "\"NaN\"";
  } else if (std::isinf(x)) {
    text += x > 0 ? "\"Inf\"" : "\"-Inf\"";
  } else if (x == 0) {
    text += std::signbit(x) ? "-0.0" : "0";
  } else {
    char digits[40];
    const int size = std::snprintf(digits, sizeof digits, "%.17g", x);
    bool separator = false;
    for (int i = 0; i < size; ++i) {
      const char c = digits[i];
      const bool known = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
      if (known) text += c;
      if (!known && !separator) text += '.';
      separator = !known;
    }
  }
}

}  // namespace

// Numbers as text for JSON, separated by ", ".
// [[Rcpp::export(rng = false)]]
Rcpp::String core_numbers_text(const Rcpp::NumericVector& x) {
  std::string text;
  text.reserve(static_cast<std::size_t>(x.size()) * 22);
  for (R_xlen_t i = 0; i < x.size(); ++i) {
    if (i > 0) text += ", ";
    append_number(x[i], text);
  }
  if (text.size() > 2147483647u) Rcpp::stop("The numbers are longer than a string of R can be.");
  return Rcpp::String(text, CE_UTF8);
}
