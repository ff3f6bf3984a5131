// Converts R's matrices to the core's rows; checks and digests of data.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "bridge.h"

using namespace backprop;

namespace {

// The targets of rows: a numeric matrix, or the classes of rows (R's list `nn_indicators`), from
// which the columns are computed.
struct Targets {
  Rcpp::NumericMatrix numbers;
  Rcpp::IntegerVector classes;
  bool above = false;
  std::size_t rows, columns;

  explicit Targets(SEXP y) {
    if (TYPEOF(y) == VECSXP) {
      const Rcpp::List list(y);
      classes = list["classes"];
      above = Rcpp::as<bool>(list["above"]);
      first_ = whole(list["first"], 1, 2, "first");
      rows = classes.size();
      columns = whole(list["columns"], 1, most_int, "columns");
    } else {
      numbers = Rcpp::NumericMatrix(y);
      rows = numbers.nrow();
      columns = numbers.ncol();
    }
  }
  double operator()(std::size_t r, std::size_t c) const {
    if (!classes.size()) return numbers(r, c);
    const int level = static_cast<int>(c) + first_;
    return above ? classes[r] > level : classes[r] == level;
  }

 private:
  int first_ = 1;
};

// Writes targets, weights and offsets to a file that is removed with the rows. value(r, c) is the
// number of row r in column c.
template <class T, class Value>
StoredRows<T> write_rest(const std::string& path, bool map, std::size_t n, const Rows<T>& rows,
                         Value value) {
  StoredRows<T> out;
  out.width = rows.outputs + 1 + rows.with_case_weight + (rows.with_offset ? rows.outputs : 0);
  const std::size_t at_once = std::max<std::size_t>(1, (1u << 16) / out.width);
  std::vector<T> numbers;
  for (std::size_t begin = 0; begin == 0 || begin < n; begin += at_once) {
    numbers.clear();
    for (std::size_t r = begin; r < std::min(n, begin + at_once); ++r)
      for (std::size_t c = 0; c < out.width; ++c) numbers.push_back(static_cast<T>(value(r, c)));
    append_to_file(path, numbers.data(), numbers.size() * sizeof(T), begin == 0);
  }
  out.file = std::make_shared<StoredFile>(path, map);
  out.file->remove_at_end();
  return out;
}

template <class T>
Rows<T> copy_rows(const Inputs& X, const Targets& y, const Rcpp::NumericVector& weights,
                  const Rcpp::NumericVector& case_weights,
                  const Rcpp::Nullable<Rcpp::NumericMatrix>& offset,
                  const Rcpp::IntegerVector& which, const std::string& file) {
  const std::size_t n = which.size();
  Rows<T> rows(n, X.columns, y.columns, offset.isNotNull(), !X.sparse && !X.stored, file.empty());
  rows.with_case_weight = case_weights.size() > 0;
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
  auto weight_of = [&](const Rcpp::NumericVector& of, std::size_t i) {
    return of.size() ? of[which[i] - 1] : 1.0;
  };
  for (std::size_t i = 0; i < n; ++i) rows.total_weight += weight_of(weights, i);
  rows.total_case_weight = rows.total_weight;
  if (case_weights.size()) {
    rows.total_case_weight = 0;
    for (std::size_t i = 0; i < n; ++i) rows.total_case_weight += weight_of(case_weights, i);
  }
  if (!file.empty()) {
    rows.stored_rest =
        write_rest<T>(file, X.stored->map, n, rows, [&](std::size_t i, std::size_t c) -> double {
          const std::size_t k = y.columns;
          if (c < k) return y(which[i] - 1, c);
          if (c == k) return weight_of(weights, i);
          if (c == k + 1 && case_weights.size()) return weight_of(case_weights, i);
          const Rcpp::NumericMatrix numbers(offset.get());
          return numbers(which[i] - 1, c - k - 1 - rows.with_case_weight);
        });
    return rows;
  }
  copy(y.numbers, rows.y);
  if (offset.isNotNull()) copy(Rcpp::NumericMatrix(offset.get()), rows.offset);
  for (std::size_t i = 0; i < n; ++i) rows.weight.data()[i] = static_cast<T>(weight_of(weights, i));
  if (case_weights.size()) {
    rows.case_weight = Buffer<T>(n);
    for (std::size_t i = 0; i < n; ++i)
      rows.case_weight.data()[i] = static_cast<T>(weight_of(case_weights, i));
  }
  return rows;
}

}  // namespace

// `file`: for rows in a file, the path of a new file for targets, weights and offsets; "" to keep
// them in memory.
// [[Rcpp::export(rng = false)]]
SEXP core_rows(SEXP X, SEXP y, Rcpp::NumericVector weights,
               Rcpp::Nullable<Rcpp::NumericMatrix> offset, Rcpp::IntegerVector which, bool single,
               Rcpp::NumericVector case_weights = Rcpp::NumericVector::create(),
               std::string file = "") {
  const Inputs inputs(X);
  const Targets targets(y);
  require(file.empty() || inputs.stored, "Only rows in a file have targets in a file.");
  require(!file.empty() || !targets.classes.size(), "Targets in memory must be numbers.");
  require(targets.rows == static_cast<std::size_t>(inputs.rows),
          "The targets must have a row for each row of the data.");
  require(weights.size() == 0 || weights.size() == inputs.rows,
          "There must be a weight for each row of the data.");
  require(case_weights.size() == 0 || case_weights.size() == inputs.rows,
          "There must be a case weight for each row of the data.");
  if (offset.isNotNull())
    check_offset(Rcpp::NumericMatrix(offset.get()), inputs.rows, targets.columns);
  check_row_numbers(which, inputs.rows);
  return RowsPointer(single ? new AnyRows(copy_rows<float>(inputs, targets, weights, case_weights,
                                                           offset, which, file))
                            : new AnyRows(copy_rows<double>(inputs, targets, weights, case_weights,
                                                            offset, which, file)));
}

// The sum of the losses of all rows and columns of indicators, in R's order, for outputs that are
// the same in all rows: `high` where the indicator is 1, `low` where it is 0. `share`: the weights.
// [[Rcpp::export(rng = false)]]
double core_indicator_loss(SEXP y, Rcpp::NumericVector share, Rcpp::NumericVector high,
                           Rcpp::NumericVector low) {
  const Targets targets(y);
  const auto columns = static_cast<R_xlen_t>(targets.columns);
  require(share.size() == static_cast<R_xlen_t>(targets.rows) && high.size() == columns &&
              low.size() == columns,
          "There must be a weight for each row, and two losses for each column.");
  long double sum = 0;
  for (R_xlen_t c = 0; c < columns; ++c)
    for (R_xlen_t r = 0; r < share.size(); ++r) {
      const double loss = share[r] * (targets(r, c) > 0 ? high[c] : low[c]);
      sum += loss;
    }
  return static_cast<double>(sum);
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

// The numbers, or the limits where they are beyond them.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_clamp(const Rcpp::NumericVector& x, double least, double most) {
  Rcpp::NumericVector out(Rcpp::no_init(x.size()));
  SHALLOW_DUPLICATE_ATTRIB(out, x);
  // NaN is not beyond a limit
  std::transform(x.begin(), x.end(), out.begin(), [=](double value) {
    value = least > value ? least : value;
    return most < value ? most : value;
  });
  return out;
}

// list(center, spread): mean and standard deviation of each column, with the sums of R's
// colMeans(). `share`: the weights of the rows, whose sum is 1, or none.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_column_moments(const Rcpp::NumericMatrix& m, const Rcpp::NumericVector& share) {
  const R_xlen_t n = m.nrow();
  const bool weighted = share.size() > 0;
  require(!weighted || share.size() == n, "There must be a weight for each row.");
  auto mean = [&](auto value) {
    long double sum = 0;
    for (R_xlen_t r = 0; r < n; ++r) sum += weighted ? share[r] * value(r) : value(r);
    return static_cast<double>(weighted ? sum : sum / n);
  };
  Rcpp::NumericVector center(m.ncol()), spread(m.ncol());
  for (int c = 0; c < m.ncol(); ++c) {
    const double* const x = m.begin() + n * c;
    const double at = center[c] = mean([=](R_xlen_t r) { return x[r]; });
    spread[c] = std::sqrt(mean([=](R_xlen_t r) { return (x[r] - at) * (x[r] - at); }));
  }
  return Rcpp::List::create(Rcpp::_["center"] = center, Rcpp::_["spread"] = spread);
}

// A digest of numbers that does not depend on the versions of R or other packages. The bits of each
// number and the lengths are mixed by multiplicative hashing (Knuth). It detects changes of data
// but is not cryptographic. Rows in a file count as a matrix, whose columns are read in groups.
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
  constexpr std::uint64_t bits_of_one = 0x3FF0000000000000;
  auto take_stored = [&](const StoredInputs& from) {
    const std::size_t rows = from.rows(),
                      group = std::max<std::size_t>(1, (1u << 22) / std::max<std::size_t>(rows, 1));
    mix(static_cast<std::uint64_t>(rows * from.columns));
    std::vector<double> numbers;
    for (std::size_t begin = 0; begin < from.columns; begin += group) {
      const std::size_t columns = std::min(group, from.columns - begin);
      numbers.resize(rows * columns);
      from.each_block<double>([&](std::size_t first, std::size_t count, const auto& places) {
        for (std::size_t k = 0; k < count; ++k)
          for (std::size_t c = 0; c < columns; ++c)
            numbers[c * rows + first + k] = places[k][begin + c];
      });
      for (const double x : numbers) {
        std::uint64_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        mix(bits);
      }
    }
  };
  auto take_targets = [&](const Targets& targets) {
    mix(static_cast<std::uint64_t>(targets.rows * targets.columns));
    for (std::size_t c = 0; c < targets.columns; ++c)
      for (std::size_t r = 0; r < targets.rows; ++r) mix(targets(r, c) > 0 ? bits_of_one : 0);
  };
  for (R_xlen_t i = 0; i < parts.size(); ++i) {
    const SEXP part = parts[i];
    if (Rf_isNull(part))
      mix(0);
    else if (Rf_inherits(part, "nn_indicators"))
      take_targets(Targets(part));
    else if (TYPEOF(part) == VECSXP)
      take_stored(StoredInputs(Rcpp::List(part)));
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
  require(!given.coded(), "The matrix must not be coded.");
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
