// L-BFGS (Liu and Nocedal 1989, doi:10.1007/BF01589116).
#include <cmath>

#include "eigen.h"
#include "ledger.h"
#include "line_search.h"
#include "objective.h"
#include "train.h"

namespace backprop {

namespace {

using Vector = Eigen::VectorXd;
using Numbers = std::vector<double>;

Eigen::Map<const Vector> as_vector(const Numbers& numbers) {
  return {numbers.data(), static_cast<Eigen::Index>(numbers.size())};
}
Eigen::Map<Vector> as_vector(Numbers& numbers) {
  return {numbers.data(), static_cast<Eigen::Index>(numbers.size())};
}
// A matrix with columns of `n` numbers.
Eigen::Map<const Eigen::MatrixXd> as_columns(const Numbers& numbers, Eigen::Index n) {
  return {numbers.data(), n, static_cast<Eigen::Index>(numbers.size()) / n};
}

// The order of the sum in Eigen's dot() depends on the width of the vectors that Eigen was compiled
// for. This one always adds in index order.
template <class A, class B> double dot(const A& a, const B& b) {
  double sum = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The inner products of a step s and the change y of the gradient along it.
struct Products {
  double ss, sy, yy;
};
// Each sum is that of dot(), but the processor adds to the three of them at the same time.
template <class A, class B> Products products_of(const A& s, const B& y) {
  Products sums{0, 0, 0};
  for (Eigen::Index i = 0; i < s.size(); ++i) {
    sums.ss += s[i] * s[i];
    sums.sy += s[i] * y[i];
    sums.yy += y[i] * y[i];
  }
  return sums;
}

// The search direction -H g by the two-loop recursion. The columns of s and y are the pairs, the
// oldest first, with their inner products.
Vector direction(const Numbers& gradient, const Numbers& steps, const Numbers& gradient_changes,
                 const std::vector<Products>& products) {
  const Eigen::Index n = gradient.size();
  const auto s = as_columns(steps, n), y = as_columns(gradient_changes, n);
  const Eigen::Index pairs = s.cols();
  Vector d = -as_vector(gradient), alpha(pairs);
  for (Eigen::Index p = pairs; p-- > 0;) {
    alpha[p] = dot(s.col(p), d) / products[p].sy;
    d -= alpha[p] * y.col(p);
  }
  if (pairs > 0) d *= products.back().sy / products.back().yy;
  for (Eigen::Index p = 0; p < pairs; ++p) {
    const double beta = dot(y.col(p), d) / products[p].sy;
    d += (alpha[p] - beta) * s.col(p);
  }
  return d;
}

// One call of train_lbfgs(). The state is the current point; `weights_`, `gradient_` and `value_`
// are the trial point of the line search.
template <class T> class Lbfgs {
 public:
  Lbfgs(const Training<T>& training, State& state, Outcome& outcome, Team& team)
      : training_(training),
        state_(state),
        known_(state.curvature),
        outcome_(outcome),
        full_(training, team),
        watch_(training.plan, training.network),
        weights_(state.weights.size()),
        gradient_(state.weights.size()) {
    const auto s = as_columns(known_.steps, weights_.size()),
               y = as_columns(known_.gradient_changes, weights_.size());
    for (Eigen::Index p = 0; p < s.cols(); ++p)
      products_.push_back(products_of(s.col(p), y.col(p)));
  }

  // Evaluates the first point, unless the state has it. False if its objective is not finite.
  bool begin() {
    if (!known_.gradient.empty()) return true;
    weights_ = state_.weights;
    evaluate();
    if (std::isfinite(value_.objective)) keep_value();
    return std::isfinite(value_.objective);
  }

  bool is_at_optimum() const {
    return full_.relative_gradient(state_.weights, known_.gradient, known_.objective) <=
           training_.method.gradient_tolerance;
  }

  // Searches along the L-BFGS direction. If that fails, discards the pairs and searches along the
  // gradient.
  bool find_step() {
    if (search()) return true;
    if (interrupted_ || known_.steps.empty()) return false;
    known_.steps.clear();
    known_.gradient_changes.clear();
    products_.clear();
    return search();
  }
  bool interrupted() const { return interrupted_; }

  // Moves to the trial point.
  void take_step() {
    const Vector s = as_vector(weights_) - as_vector(state_.weights),
                 y = as_vector(gradient_) - as_vector(known_.gradient);
    const Products of_pair = products_of(s, y);
    if (of_pair.sy > 1e-10 * std::sqrt(of_pair.ss * of_pair.yy)) {
      remember(known_.steps, s);
      remember(known_.gradient_changes, y);
      if (products_.size() >= static_cast<std::size_t>(training_.method.history))
        products_.erase(products_.begin());
      products_.push_back(of_pair);
    }
    state_.weights = weights_;
    keep_value();
    state_.steps += 1;
  }

  const T* rounded_weights() { return full_.rounded(state_.weights); }

 private:
  void evaluate() {
    value_ = full_.at(weights_, &gradient_, training_.plan.count_correct, outcome_.stop);
    known_.evaluations += 1;
  }
  void keep_value() {
    known_.gradient = gradient_;
    known_.objective = value_.objective;
    known_.data_loss = value_.data_loss;
    known_.correct = value_.correct;
  }

  // Evaluates the objective at `step` along d. After an interrupt the value is NaN.
  Point along(const Vector& d, double step) {
    Point point;
    point.step = step;
    point.value = std::numeric_limits<double>::quiet_NaN();
    watch_.ended(training_.rows.count, outcome_.stop);
    // other processes know of an interrupt after they have added up the sums of this point
    if (full_.alone() && outcome_.stop == Stop::interrupted) interrupted_ = true;
    if (interrupted_) return point;
    as_vector(weights_) =
        (as_vector(state_.weights) + step * d).template cast<T>().template cast<double>();
    evaluate();
    if (outcome_.stop == Stop::interrupted) interrupted_ = true;
    if (interrupted_) return point;
    point.value = value_.objective;
    point.slope = dot(as_vector(gradient_), d);
    return point;
  }

  bool search() {
    const Vector d = direction(known_.gradient, known_.steps, known_.gradient_changes, products_);
    const double slope = dot(d, as_vector(known_.gradient));
    if (!(slope < 0)) return false;
    const double first = known_.steps.empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1.0;
    const double rounding = 100.0 * std::numeric_limits<T>::epsilon() * std::abs(known_.objective);
    Point start, found;
    start.value = known_.objective;
    start.slope = slope;
    if (!line_search(
            start, first, rounding, [&](double step) { return along(d, step); }, found))
      return false;
    if (value_.objective != found.value) along(d, found.step);
    return weights_ != state_.weights;
  }

  // Appends a column. Drops the oldest one if there are more than the history holds.
  void remember(Numbers& columns, const Vector& column) {
    const std::size_t n = column.size();
    if (columns.size() >= static_cast<std::size_t>(training_.method.history) * n)
      columns.erase(columns.begin(), columns.begin() + n);
    columns.insert(columns.end(), column.data(), column.data() + n);
  }

  const Training<T>& training_;
  State& state_;
  Curvature& known_;
  Outcome& outcome_;
  FullBatch<T> full_;
  Watch watch_;
  Numbers weights_, gradient_;
  std::vector<Products> products_;  // of the pairs in `known_`
  typename FullBatch<T>::Value value_{};
  bool interrupted_ = false;
};

}  // namespace

template <class T> Outcome train_lbfgs(const Training<T>& training, State& state) {
  Outcome outcome;
  Team team(training.plan.threads);
  Ledger<T> ledger(training.network, training.objective, training.plan, training.validation, state,
                   outcome, team);
  Lbfgs<T> lbfgs(training, state, outcome, team);
  if (!lbfgs.begin()) {
    outcome.stop = Stop::diverged;
    return outcome;
  }
  for (std::size_t iteration = 0; iteration < training.plan.epochs && !outcome.ended();
       ++iteration) {
    if (lbfgs.is_at_optimum()) {
      outcome.stop = Stop::gradient;
      break;
    }
    const bool found = lbfgs.find_step();
    if (lbfgs.interrupted()) break;  // the current iteration is discarded
    if (!found) {
      outcome.stop = Stop::precision;
      break;
    }
    const double loss_before = state.curvature.data_loss, correct_before = state.curvature.correct;
    lbfgs.take_step();
    if (ledger.epoch_completed(lbfgs.rounded_weights(), loss_before, correct_before))
      outcome.stop = Stop::patience;
  }
  if (!outcome.ended() && lbfgs.is_at_optimum()) outcome.stop = Stop::gradient;
  return outcome;
}

template Outcome train_lbfgs<double>(const Training<double>&, State&);
template Outcome train_lbfgs<float>(const Training<float>&, State&);

}  // namespace backprop
