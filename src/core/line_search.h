// A strong-Wolfe line search (Nocedal and Wright 2006, algorithms 3.5 and 3.6,
// doi:10.1007/978-0-387-40065-5). Near the optimum, where the decrease is smaller than the rounding
// error of the objective, the approximate Wolfe conditions of Hager and Zhang (2005,
// doi:10.1137/030601880) accept a step.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

namespace backprop {

// A point on the search line: the step, the objective and its directional derivative.
struct Point {
  double step = 0, value = 0, slope = 0;
};

// The minimiser of the cubic that interpolates two points, clipped to the middle 80 % of the
// interval between them.
inline double between(const Point& a, const Point& b) {
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

// Searches for an acceptable step; evaluate(step) returns the point. False if there is none.
template <class Evaluate>
bool line_search(const Point& start, double first, double rounding, Evaluate&& evaluate,
                 Point& found) {
  constexpr double sufficient_decrease = 1e-4, curvature = 0.9;
  auto accepted = [&](const Point& p) {
    const bool wolfe = p.value <= start.value + sufficient_decrease * p.step * start.slope &&
                       std::abs(p.slope) <= -curvature * start.slope;
    const bool approximate = p.value <= start.value + rounding &&
                             p.slope >= curvature * start.slope &&
                             p.slope <= (2 * sufficient_decrease - 1) * start.slope;
    return wolfe || approximate;
  };
  constexpr int most = 40;
  Point low = start, high;
  bool bracketed = false;
  double step = first;
  for (int i = 0; i < most; ++i) {
    const Point p = evaluate(step);
    if (!std::isfinite(p.value) || !std::isfinite(p.slope)) {
      // Overflow: continue closer to the last finite point.
      high.step = step;
      high.value = std::numeric_limits<double>::infinity();
      high.slope = 0;
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
  // Accept a step that lowers the objective, even if its slope violates the Wolfe conditions.
  if (low.step > 0 && low.value < start.value) {
    found = low;
    return true;
  }
  return false;
}

}  // namespace backprop
