// Checks and statistics of R's vectors and matrices.
#include <cmath>
#include <type_traits>

#include "bridge_numbers.h"
#include "bridge_targets.h"

using namespace backprop;

// The sum of the losses of all rows and columns of indicators, in R's order, for outputs that are
// the same in all rows: `high` where the indicator is 1, `low` where it is 0. `weights`: those of
// the rows with their sum `total`, or none: then the weight of each row is 1 / `total`.
// [[Rcpp::export(rng = false)]]
double core_indicator_loss(SEXP y, SEXP weights, double total, Rcpp::NumericVector high,
                           Rcpp::NumericVector low) {
  const Targets targets(y);
  const Numbers of_rows(weights);
  const auto columns = static_cast<R_xlen_t>(targets.columns);
  const auto rows = static_cast<R_xlen_t>(targets.rows);
  const bool weighted = of_rows.rows > 0;
  require((!weighted || (of_rows.rows == targets.rows && of_rows.columns == 1)) &&
              high.size() == columns && low.size() == columns,
          "There must be a weight for each row, and two losses for each column.");
  NumbersInOrder weight(of_rows, RowNumbers());
  long double sum = 0;
  for (R_xlen_t c = 0; c < columns; ++c)
    for (R_xlen_t r = 0; r < rows; ++r) {
      const double share = (weighted ? weight(r) : 1) / total,
                   loss = share * (targets(r, c) > 0 ? high[c] : low[c]);
      sum += loss;
    }
  return static_cast<double>(sum);
}

// For indicators: list(center, spread) as core_column_moments() computes them, and `best`, the sum
// of the shares of the rows in which each column is 1. `weights`, `total`: as above.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_indicator_moments(SEXP y, SEXP weights, double total) {
  const Targets targets(y);
  const Numbers of_rows(weights);
  const std::size_t n = targets.rows, k = targets.columns;
  const bool weighted = of_rows.rows > 0;
  require(!weighted || (of_rows.rows == n && of_rows.columns == 1),
          "There must be a weight for each row.");
  NumbersInOrder weight(of_rows, RowNumbers());
  auto share = [&](std::size_t r) { return (weighted ? weight(r) : 1) / total; };
  Rcpp::NumericVector center(k), spread(k), best(k);
  for (std::size_t c = 0; c < k; ++c) {
    long double count = 0, sum = 0, squares = 0;
    for (std::size_t r = 0; r < n; ++r) {
      const double in_class = targets(r, c), part = share(r) * in_class;
      count += in_class;
      sum += part;
    }
    best[c] = static_cast<double>(sum);
    center[c] = weighted ? best[c] : static_cast<double>(count / n);
    for (std::size_t r = 0; r < n; ++r) {
      const double d = targets(r, c) - center[c];
      const double square = d * d, part = weighted ? share(r) * square : square;
      squares += part;
    }
    spread[c] = std::sqrt(static_cast<double>(weighted ? squares : squares / n));
  }
  return Rcpp::List::create(Rcpp::_["center"] = center, Rcpp::_["spread"] = spread,
                            Rcpp::_["best"] = best);
}

// How many of the codes of a factor are each of its `levels`. Missing codes do not count.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_count_codes(Rcpp::IntegerVector codes, int levels) {
  Rcpp::NumericVector counts(levels);
  for (const int code : codes)
    if (code >= 1 && code <= levels) ++counts[code - 1];
  return counts;
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

// Are the absolute values of all numbers below a limit? NaN is not beyond it.
// [[Rcpp::export(rng = false)]]
bool core_all_below(const Rcpp::NumericVector& x, double limit) {
  constexpr R_xlen_t lanes = 8;
  double largest[lanes] = {};
  const double* p = x.begin();
  R_xlen_t at = 0;
  for (; at + lanes <= x.size(); at += lanes)
    for (R_xlen_t lane = 0; lane < lanes; ++lane) {
      const double size = std::fabs(p[at + lane]);
      largest[lane] = size > largest[lane] ? size : largest[lane];
    }
  for (; at < x.size(); ++at) largest[0] = std::max(largest[0], std::fabs(p[at]));
  return *std::max_element(largest, largest + lanes) < limit;
}

// The mean cross-entropy of outputs `a` for the targets y, with the sums of R's sum() over all rows
// and columns of the rows' weights `share` times the loss. A logarithm is computed only where its
// factor is not 0: for classes, once a row. `mixed`: softmax outputs instead of sigmoid ones.
// [[Rcpp::export(rng = false)]]
double core_cross_entropy(const Rcpp::NumericMatrix& y, const Rcpp::NumericMatrix& a,
                          const Rcpp::NumericVector& share, bool mixed) {
  const R_xlen_t n = y.nrow();
  require(a.nrow() == y.nrow() && a.ncol() == y.ncol() && share.size() == n,
          "Targets and outputs must have the same dimensions, and a weight for each row.");
  constexpr double least = 1e-15, most = 1 - 1e-15;
  auto log_inside = [](double p) { return std::log(p < least ? least : p > most ? most : p); };
  long double sum = 0;
  const double *target = y.begin(), *output = a.begin();
  for (int c = 0; c < y.ncol(); ++c)
    for (R_xlen_t r = 0; r < n; ++r, ++target, ++output) {
      double value = std::isnan(*output) ? *output : 0;
      if (*target != 0) value -= *target * log_inside(*output);
      if (!mixed && *target != 1) value -= (1 - *target) * log_inside(1 - *output);
      const double loss = share[r] * value;
      sum += loss;
    }
  return static_cast<double>(sum);
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
  const double* const weights = share.begin();
  // Means of `count` columns of value(r, k), whose sums do not wait for each other.
  constexpr int at_once = 4;
  auto means = [&](int count, double* to, auto value) {
    long double sums[at_once] = {};
    auto add = [&](auto columns, auto weight) {
      for (R_xlen_t r = 0; r < n; ++r)
        for (int k = 0; k < columns; ++k) sums[k] += weight(r, value(r, k));
    };
    auto add_all = [&](auto weight) {
      if (count == at_once)
        add(std::integral_constant<int, at_once>(), weight);
      else
        add(count, weight);
    };
    if (weighted)
      add_all([=](R_xlen_t r, double x) { return weights[r] * x; });
    else
      add_all([](R_xlen_t, double x) { return x; });
    for (int k = 0; k < count; ++k) to[k] = static_cast<double>(weighted ? sums[k] : sums[k] / n);
  };
  Rcpp::NumericVector center(m.ncol()), spread(m.ncol());
  for (int c = 0; c < m.ncol(); c += at_once) {
    const int count = std::min(at_once, m.ncol() - c);
    const double *const x = m.begin() + n * c, *const at = center.begin() + c;
    means(count, center.begin() + c, [=](R_xlen_t r, int k) { return x[r + n * k]; });
    means(count, spread.begin() + c, [=](R_xlen_t r, int k) {
      const double d = x[r + n * k] - at[k];
      return d * d;
    });
    for (int k = c; k < c + count; ++k) spread[k] = std::sqrt(spread[k]);
  }
  return Rcpp::List::create(Rcpp::_["center"] = center, Rcpp::_["spread"] = spread);
}

// The column of the largest number in each row, the first of several; NA if a number is missing.
// Works column by column, as the numbers are stored.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector core_largest_column(const Rcpp::NumericMatrix& m) {
  const int n = m.nrow();
  require(m.ncol() > 0, "There must be a column.");
  Rcpp::IntegerVector at(n, 1);
  Rcpp::NumericVector largest(m.begin(), m.begin() + n);
  for (int c = 0; c < m.ncol(); ++c) {
    const double* const x = m.begin() + static_cast<R_xlen_t>(n) * c;
    for (int r = 0; r < n; ++r) {
      if (std::isnan(x[r])) at[r] = NA_INTEGER;
      if (x[r] > largest[r] && at[r] != NA_INTEGER) {
        largest[r] = x[r];
        at[r] = c + 1;
      }
    }
  }
  return at;
}

// Whether all numbers of column j (from 1) but `few` are so near to each other, compared with their
// range, that the others may be 30 times as far from the median: within a fifteenth of the range,
// which is in three of 30 bins (one more is counted because of rounding).
// [[Rcpp::export(rng = false)]]
bool core_is_crowded(const Rcpp::NumericMatrix& m, int j, double few) {
  require(j >= 1 && j <= m.ncol(), "There is no such column.");
  const R_xlen_t n = m.nrow();
  const double* const x = m.begin() + n * (j - 1);
  const auto ends = std::minmax_element(x, x + n);
  const double range = n > 0 ? *ends.second - *ends.first : 0;
  if (!(range > 0) || !std::isfinite(range)) return true;
  constexpr int bins = 30, window = 4;
  R_xlen_t counts[bins + 1] = {}, most = 0;
  for (R_xlen_t r = 0; r < n; ++r)
    ++counts[static_cast<int>(std::min(bins * ((x[r] - *ends.first) / range), double{bins}))];
  for (int b = 0; b + window <= bins + 1; ++b) {
    R_xlen_t within = 0;
    for (int k = 0; k < window; ++k) within += counts[b + k];
    most = std::max(most, within);
  }
  return most >= n - few;
}
