// Checks and statistics of R's vectors and matrices.
#include <cmath>

#include "bridge.h"

using namespace backprop;

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
