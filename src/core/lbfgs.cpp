// L-BFGS (Liu and Nocedal 1989, doi:10.1007/BF01589116) with a strong-Wolfe line search (Nocedal
// and Wright 2006, algorithms 3.5 and 3.6, doi:10.1007/978-0-387-40065-5), and the approximate
// Wolfe conditions of Hager and Zhang (2005, doi:10.1137/030601880) where the decrease is below
// what rounding leaves of the objective.
#include <cmath>

#include "train.h"

namespace backprop {

namespace {

using Vector = std::vector<double>;

constexpr double sufficient_decrease = 1e-4, curvature = 0.9;

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// The direction -H g by the two-loop recursion; s and y hold the pairs one after the other, the
// oldest first.
Vector direction(const Vector& gradient, const Vector& s, const Vector& y) {
  const std::size_t n = gradient.size(), pairs = s.size() / n;
  Vector d(gradient), alpha(pairs);
  for (double& x : d) x = -x;
  for (std::size_t p = pairs; p-- > 0;) {
    alpha[p] = dot(&s[p * n], d.data(), n) / dot(&s[p * n], &y[p * n], n);
    for (std::size_t i = 0; i < n; ++i) d[i] -= alpha[p] * y[p * n + i];
  }
  if (pairs > 0) {
    const double* last_s = &s[(pairs - 1) * n];
    const double* last_y = &y[(pairs - 1) * n];
    const double size = dot(last_s, last_y, n) / dot(last_y, last_y, n);
    for (double& x : d) x *= size;
  }
  for (std::size_t p = 0; p < pairs; ++p) {
    const double beta = dot(&y[p * n], d.data(), n) / dot(&s[p * n], &y[p * n], n);
    for (std::size_t i = 0; i < n; ++i) d[i] += (alpha[p] - beta) * s[p * n + i];
  }
  return d;
}

// A point on the line: step, value and derivative there.
struct Point {
  double step, value, slope;
};

// The minimiser of the cubic through two points, kept within the middle of the interval between
// them.
double between(const Point& a, const Point& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double root = d1 * d1 - a.slope * b.slope;
  const double low = std::min(a.step, b.step), high = std::max(a.step, b.step),
               margin = 0.1 * (high - low);
  double step = (low + high) / 2;
  if (root >= 0) {
    const double d2 = std::copysign(std::sqrt(root), b.step - a.step);
    const double cubic =
        b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (std::isfinite(cubic)) step = cubic;
  }
  return std::min(std::max(step, low + margin), high - margin);
}

// Finds a step that is accepted; evaluate(step) returns the point there. False where no step is.
template <class Evaluate>
bool line_search(const Point& start, double first, double rounding, Evaluate&& evaluate,
                 Point& found) {
  auto accepted = [&](const Point& p) {
    const bool wolfe = p.value <= start.value + sufficient_decrease * p.step * start.slope &&
                       std::abs(p.slope) <= -curvature * start.slope;
    const bool approximate = p.value <= start.value + rounding &&
                             p.slope >= curvature * start.slope &&
                             p.slope <= (2 * sufficient_decrease - 1) * start.slope;
    return wolfe || approximate;
  };
  constexpr int most = 40;
  Point low = start, high{};
  bool bracketed = false;
  double step = first;
  for (int i = 0; i < most; ++i) {
    const Point p = evaluate(step);
    if (!std::isfinite(p.value) || !std::isfinite(p.slope)) {
      // Too far: the next step is nearer to the last good one, and nothing beyond is tried.
      high = {step, std::numeric_limits<double>::infinity(), 0};
      bracketed = true;
      step = low.step + 0.1 * (step - low.step);
      if (step == low.step) return false;
      continue;
    }
    if (accepted(p)) {
      found = p;
      return true;
    }
    const bool too_high =
        p.value > start.value + rounding + sufficient_decrease * p.step * start.slope ||
        (low.step > 0 && p.value > low.value + rounding);
    if (!bracketed) {
      if (too_high) {
        high = p;
        bracketed = true;
      } else if (p.slope >= 0) {
        high = low;
        low = p;
        bracketed = true;
      } else {
        low = p;
        step *= 4;
        continue;
      }
    } else if (too_high) {
      high = p;
    } else {
      if (p.slope * (high.step - low.step) >= 0) high = low;
      low = p;
    }
    step = std::isfinite(high.value) ? between(low, high) : (low.step + high.step) / 2;
    if (step == low.step || step == high.step) break;
  }
  // A step that lowers the objective is taken, though its slope is not what it should be.
  if (low.step > 0 && low.value < start.value) {
    found = low;
    return true;
  }
  return false;
}

}  // namespace

template <class T>
Outcome train_lbfgs(const Network& network, const Objective& objective, const Method& method,
                    const Plan& plan, const Rows<T>& rows, const Rows<T>* validation,
                    State& state) {
  Outcome outcome;
  Team team(plan.threads);
  FullBatch<T> full(network, objective, rows, team);
  Ledger<T> ledger(network, objective, plan, validation, state, outcome, team);
  Watch watch(plan, network);
  const std::size_t n = state.weights.size();
  const double epsilon = std::numeric_limits<T>::epsilon();
  auto evaluate = [&](const Vector& weights, Vector& gradient) {
    const auto value = full.at(weights, &gradient, plan.count_correct);
    state.evaluations += 1;
    return value;
  };
  if (state.gradient.empty()) {
    Vector gradient(n);
    const auto value = evaluate(state.weights, gradient);
    if (!std::isfinite(value.objective)) {
      outcome.stop = Stop::diverged;
      return outcome;
    }
    state.gradient = gradient;
    state.objective = value.objective;
    state.data_loss = value.data_loss;
    state.correct = value.correct;
  }
  Vector weights(n), gradient(n);
  for (std::size_t iteration = 0; iteration < plan.epochs; ++iteration) {
    if (full.relative_gradient(state.weights, state.gradient, state.objective) <=
        method.gradient_tolerance) {
      outcome.stop = Stop::gradient;
      break;
    }
    Point found{};
    typename FullBatch<T>::Value value{};
    bool moved = false;
    bool interrupted = false;
    for (int attempt = 0; attempt < 2 && !moved && !interrupted; ++attempt) {
      if (attempt == 1) {
        if (state.steps_taken.empty()) break;
        state.steps_taken.clear();
        state.gradient_changes.clear();
      }
      const Vector d = direction(state.gradient, state.steps_taken, state.gradient_changes);
      const double slope = dot(d.data(), state.gradient.data(), n);
      if (!(slope < 0)) continue;
      const double first = state.steps_taken.empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1.0;
      auto along = [&](double step) -> Point {
        if (watch.ended(rows.count, outcome.stop) && outcome.stop == Stop::interrupted)
          interrupted = true;
        if (interrupted) return {step, std::numeric_limits<double>::quiet_NaN(), 0};
        for (std::size_t i = 0; i < n; ++i)
          weights[i] = static_cast<T>(state.weights[i] + step * d[i]);
        value = evaluate(weights, gradient);
        return {step, value.objective, dot(gradient.data(), d.data(), n)};
      };
      moved = line_search({0, state.objective, slope}, first,
                          100 * epsilon * std::abs(state.objective), along, found);
      if (moved && value.objective != found.value) along(found.step);
      if (moved && weights == state.weights) moved = false;
    }
    if (interrupted) break;  // the iteration under way is not counted
    if (!moved) {
      outcome.stop = Stop::precision;
      break;
    }
    Vector s(n), y(n);
    for (std::size_t i = 0; i < n; ++i) {
      s[i] = weights[i] - state.weights[i];
      y[i] = gradient[i] - state.gradient[i];
    }
    if (dot(s.data(), y.data(), n) >
        1e-10 * std::sqrt(dot(s.data(), s.data(), n) * dot(y.data(), y.data(), n))) {
      if (state.steps_taken.size() >= static_cast<std::size_t>(method.history) * n) {
        state.steps_taken.erase(state.steps_taken.begin(), state.steps_taken.begin() + n);
        state.gradient_changes.erase(state.gradient_changes.begin(),
                                     state.gradient_changes.begin() + n);
      }
      state.steps_taken.insert(state.steps_taken.end(), s.begin(), s.end());
      state.gradient_changes.insert(state.gradient_changes.end(), y.begin(), y.end());
    }
    const double loss_before = state.data_loss, correct_before = state.correct;
    state.weights = weights;
    state.gradient = gradient;
    state.objective = value.objective;
    state.data_loss = value.data_loss;
    state.correct = value.correct;
    state.steps += 1;
    if (ledger.epoch_completed(full.rounded(state.weights), loss_before, correct_before)) {
      outcome.stop = Stop::patience;
      break;
    }
    if (outcome.stop != Stop::epochs) break;
  }
  if (outcome.stop == Stop::epochs &&
      full.relative_gradient(state.weights, state.gradient, state.objective) <=
          method.gradient_tolerance)
    outcome.stop = Stop::gradient;
  return outcome;
}

template Outcome train_lbfgs<double>(const Network&, const Objective&, const Method&, const Plan&,
                                     const Rows<double>&, const Rows<double>*, State&);
template Outcome train_lbfgs<float>(const Network&, const Objective&, const Method&, const Plan&,
                                    const Rows<float>&, const Rows<float>*, State&);

}  // namespace backprop
