// Statistics of rows in files, and sums that go on from block to block.
#include <array>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "bridge.h"
#include "bridge_inputs.h"
#include "bridge_numbers.h"

using namespace backprop;

namespace {

// Sums in extended precision as bytes, to go on with them in another call. The value of an x87
// number takes 10 bytes; the others of its 16 bytes are not defined.
Rcpp::RawVector bytes_of(const std::vector<long double>& sums) {
  constexpr std::size_t of_value = LDBL_MANT_DIG == 64 ? 10 : sizeof(long double);
  Rcpp::RawVector bytes(sums.size() * sizeof(long double));
  for (std::size_t i = 0; i < sums.size(); ++i)
    std::memcpy(&bytes[i * sizeof(long double)], &sums[i], of_value);
  return bytes;
}
std::vector<long double> sums_of(const Rcpp::RawVector& bytes) {
  require(bytes.size() % sizeof(long double) == 0, "The sums are invalid.");
  std::vector<long double> sums(bytes.size() / sizeof(long double));
  if (!sums.empty()) std::memcpy(sums.data(), &bytes[0], bytes.size());
  return sums;
}

// R's sum() and mean(): a sum in extended precision, and for the mean a second pass that adds up
// the differences from the first result.
struct ColumnSums {
  long double sum = 0, rest = 0;
  double least = INFINITY, most = -INFINITY;
};

// Finds the value at or below which the sum of weights reaches a limit, from passes over all
// values. Each pass finds the next 8 bits of its key, a whole number in the order of the values.
class Selection {
 public:
  // `beyond`: whether the sum must be more than the limit, not just reach it.
  explicit Selection(bool beyond) : beyond_(beyond) {}
  void begin(long double limit) { limit_ = limit; }
  void add(std::uint64_t key, double weight) {
    if (shift_ == 56 || key >> (shift_ + 8) == prefix_) sums_[key >> shift_ & 255] += weight;
  }
  void end_pass() {
    std::size_t bin = 0;
    auto reached = [&](long double sum) { return beyond_ ? sum > limit_ : sum >= limit_; };
    while (bin < 255 && !reached(below_ + sums_[bin])) below_ += sums_[bin++];
    prefix_ = prefix_ << 8 | bin;
    shift_ -= 8;
    sums_.fill(0);
  }
  double value() const {
    const std::uint64_t bits = prefix_ >> 63 ? prefix_ ^ sign : ~prefix_;
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }
  static std::uint64_t key(double x) {
    std::uint64_t bits;
    x += 0.0;  // no negative zero
    std::memcpy(&bits, &x, sizeof bits);
    return bits & sign ? ~bits : bits ^ sign;
  }

 private:
  static constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  bool beyond_;
  int shift_ = 56;
  std::uint64_t prefix_ = 0;
  long double limit_ = 0, below_ = 0;
  std::array<long double, 256> sums_{};
};

}  // namespace

// The least and the largest value, the mean and the mean square of the columns, each with the sums
// of column_scales() in R. `weights`: those of the rows, or none, with their sum `total`; rows of
// weight 0 must have been excluded.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_stored_moments(Rcpp::List X, SEXP weights, double total) {
  const StoredInputs from(X);
  const Numbers of_rows(weights);
  const std::size_t p = from.columns;
  const bool weighted = of_rows.rows > 0;
  const auto n = static_cast<long double>(from.rows());
  require(!weighted || (of_rows.rows == from.rows() && of_rows.columns == 1),
          "There must be a weight for each row.");
  NumbersInOrder weight(of_rows, RowNumbers());
  std::vector<ColumnSums> at(p);
  Rcpp::NumericVector least(p), most(p), center(p), largest(p), square(p);
  auto pass = [&](auto each) {
    from.each_block<double>([&](std::size_t first, std::size_t count, const auto& places) {
      for (std::size_t k = 0; k < count; ++k) {
        const double share = weighted ? weight(first + k) / total : 1;
        for (std::size_t c = 0; c < p; ++c) each(at[c], c, places[k][c], share);
      }
    });
  };
  // the mean of value(c, x) for each column
  auto mean = [&](auto value, Rcpp::NumericVector& to) {
    for (ColumnSums& sums : at) sums.sum = sums.rest = 0;
    pass([&](ColumnSums& sums, std::size_t c, double x, double share) {
      const double v = value(c, x);
      sums.sum += weighted ? v * share : v;
    });
    if (!weighted) {
      for (ColumnSums& sums : at) sums.sum /= n;
      pass([&](ColumnSums& sums, std::size_t c, double x, double) {
        sums.rest += value(c, x) - sums.sum;
      });
      for (ColumnSums& sums : at) sums.sum += sums.rest / n;
    }
    for (std::size_t c = 0; c < p; ++c) to[c] = static_cast<double>(at[c].sum);
  };
  pass([](ColumnSums& sums, std::size_t, double x, double) {
    sums.least = std::min(sums.least, x);
    sums.most = std::max(sums.most, x);
  });
  for (std::size_t c = 0; c < p; ++c) {
    least[c] = at[c].least;
    most[c] = at[c].most;
  }
  mean([](std::size_t, double x) { return x; }, center);
  // rounding is monotone, so the largest distance from the centre is that of one of the ends
  for (std::size_t c = 0; c < p; ++c)
    largest[c] = std::max(std::abs(least[c] - center[c]), std::abs(most[c] - center[c]));
  mean(
      [&](std::size_t c, double x) {
        const double ratio = (x - center[c]) / largest[c];
        return ratio * ratio;
      },
      square);
  return Rcpp::List::create(Rcpp::_["least"] = least, Rcpp::_["most"] = most,
                            Rcpp::_["center"] = center, Rcpp::_["largest"] = largest,
                            Rcpp::_["square"] = square);
}

// The means and standard deviations of core_column_moments() for stored rows. `weights`, `total`:
// as above.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_stored_spread(Rcpp::List X, SEXP weights, double total) {
  const StoredInputs from(X);
  const Numbers of_rows(weights);
  const std::size_t p = from.columns;
  const bool weighted = of_rows.rows > 0;
  const auto n = static_cast<long double>(from.rows());
  require(!weighted || (of_rows.rows == from.rows() && of_rows.columns == 1),
          "There must be a weight for each row.");
  NumbersInOrder weight(of_rows, RowNumbers());
  Rcpp::NumericVector center(p), spread(p);
  auto means = [&](auto value, auto set) {
    std::vector<long double> sums(p, 0);
    from.each_block<double>([&](std::size_t first, std::size_t count, const auto& places) {
      for (std::size_t k = 0; k < count; ++k) {
        const double share = weighted ? weight(first + k) / total : 1;
        for (std::size_t c = 0; c < p; ++c) {
          const double v = value(c, places[k][c]), product = weighted ? share * v : v;
          sums[c] += product;
        }
      }
    });
    for (std::size_t c = 0; c < p; ++c)
      set(c, static_cast<double>(weighted ? sums[c] : sums[c] / n));
  };
  means([](std::size_t, double x) { return x; },
        [&](std::size_t c, double mean) { center[c] = mean; });
  means(
      [&](std::size_t c, double x) {
        const double d = x - center[c];
        return d * d;
      },
      [&](std::size_t c, double mean) { spread[c] = std::sqrt(mean); });
  return Rcpp::List::create(Rcpp::_["center"] = center, Rcpp::_["spread"] = spread);
}

// Goes on with a sum as R's sum() does in one vector: in extended precision. `before`: the bytes of
// the sum so far, none before the first number.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector core_add_up(Rcpp::NumericVector numbers, Rcpp::RawVector before) {
  std::vector<long double> sum = sums_of(before);
  require(sum.size() <= 1, "The sum is invalid.");
  sum.resize(1);
  for (const double x : numbers) sum[0] += x;
  return bytes_of(sum);
}

// For each column, a bound on the proportion of the rows whose values are within an interval of
// `width`: that of two neighbours among 64 bins of that width, in which values are counted modulo
// 64 bins. 0 for columns with at most two different values.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_stored_crowds(Rcpp::List X, Rcpp::NumericVector width) {
  const StoredInputs from(X);
  const std::size_t p = from.columns;
  require(static_cast<std::size_t>(width.size()) == p, "There must be a width for each column.");
  constexpr std::size_t bins = 64;
  struct Column {
    double values[2];
    std::size_t different = 0;
    std::array<std::size_t, bins> counts{};
  };
  std::vector<Column> at(p);
  from.each_block<double>([&](std::size_t, std::size_t count, const auto& places) {
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t c = 0; c < p; ++c) {
        const double x = places[k][c];
        Column& column = at[c];
        if (column.different < 3) {
          std::size_t same = 0;
          while (same < std::min<std::size_t>(column.different, 2) && column.values[same] != x)
            ++same;
          if (same == column.different) {
            if (same < 2) column.values[same] = x;
            ++column.different;
          }
        }
        const double place = std::fmod(std::floor(x / width[c]), static_cast<double>(bins));
        ++column.counts[static_cast<std::size_t>(place + bins) % bins];
      }
  });
  Rcpp::NumericVector out(p);
  for (std::size_t c = 0; c < p; ++c) {
    if (at[c].different < 3) continue;
    std::size_t most = 0;
    for (std::size_t b = 0; b < bins; ++b)
      most = std::max(most, at[c].counts[b] + at[c].counts[(b + 1) % bins]);
    out[c] = static_cast<double>(most) / static_cast<double>(from.rows());
  }
  return out;
}

// For each column, weighted_median() in R of its values that are not missing, NA if there are none,
// and the number of those that are: list(median, missing). `weights`: those of the rows, or none.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_stored_medians(Rcpp::List X, SEXP weights) {
  const StoredInputs from(X);
  const Numbers of_rows(weights);
  const std::size_t p = from.columns;
  require(of_rows.rows == 0 || (of_rows.rows == from.rows() && of_rows.columns == 1),
          "There must be a weight for each row.");
  NumbersInOrder weight_of(of_rows, RowNumbers());
  std::vector<long double> total(p, 0);
  std::vector<Selection> lower(p, Selection(false)), upper(p, Selection(true));
  Rcpp::NumericVector median(p, NA_REAL), missing(p);
  auto pass = [&](auto each) {
    from.each_block<double>([&](std::size_t first, std::size_t count, const auto& places) {
      for (std::size_t k = 0; k < count; ++k) {
        const double weight = of_rows.rows ? weight_of(first + k) : 1;
        if (weight > 0)
          for (std::size_t c = 0; c < p; ++c) each(c, places[k][c], weight);
      }
    });
  };
  pass([&](std::size_t c, double x, double weight) {
    if (std::isnan(x))
      ++missing[c];
    else
      total[c] += weight;
  });
  for (std::size_t c = 0; c < p; ++c) {
    const double half = static_cast<double>(total[c]) / 2, slack = 1e-12 * half;
    lower[c].begin(half - slack);
    upper[c].begin(half + slack);
  }
  for (int byte = 0; byte < 8; ++byte) {
    pass([&](std::size_t c, double x, double weight) {
      if (std::isnan(x)) return;
      const std::uint64_t key = Selection::key(x);
      lower[c].add(key, weight);
      upper[c].add(key, weight);
    });
    for (std::size_t c = 0; c < p; ++c) {
      lower[c].end_pass();
      upper[c].end_pass();
    }
  }
  for (std::size_t c = 0; c < p; ++c)
    if (total[c] > 0) median[c] = (lower[c].value() + upper[c].value()) / 2;
  return Rcpp::List::create(Rcpp::_["median"] = median, Rcpp::_["missing"] = missing);
}

// Goes on with the sums of weights by group, as tapply(weights, groups, sum) makes them in one
// vector: in extended precision. `groups`: from 1, NA in none; `before`: the bytes of the sums so
// far, none before the first.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector core_add_groups(Rcpp::IntegerVector groups, Rcpp::NumericVector weights, int count,
                                Rcpp::RawVector before) {
  require(count >= 0 && (weights.size() == 0 || weights.size() == groups.size()),
          "The groups are invalid.");
  std::vector<long double> sums = sums_of(before);
  require(sums.size() <= static_cast<std::size_t>(count), "The sums are invalid.");
  sums.resize(count);
  for (R_xlen_t k = 0; k < groups.size(); ++k) {
    if (groups[k] == NA_INTEGER) continue;
    require(groups[k] >= 1 && groups[k] <= count, "A group is out of range.");
    sums[groups[k] - 1] += weights.size() ? weights[k] : 1;
  }
  return bytes_of(sums);
}

// The sums whose bytes core_add_up() and core_add_groups() return.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_sums(Rcpp::RawVector bytes) {
  const std::vector<long double> sums = sums_of(bytes);
  return Rcpp::NumericVector(sums.begin(), sums.end());
}
