// Dual numbers: a value and its derivative along a direction. With them, the rows of the tables
// become their own derivatives: hessian.cpp includes the headers of src/simd that evaluate the
// tables with `Vector<T>` defined as below, one number instead of a vector. A function of
// functions-inl.h that a row uses must be here too, with its derivative.
//
// At a kink the derivative is that of the branch that the row selects, as for the slopes.
#pragma once
#include <cmath>
#include <cstdint>

#include "../simd/types.h"

namespace backprop {

namespace dual {

struct Dual {
  double value, rate;
  explicit Dual(double value = 0, double rate = 0) : value(value), rate(rate) {}
  explicit operator double() const { return value; }
};

}  // namespace dual

// The panels of duals have as many rows as those of doubles.
template <> inline constexpr std::size_t line<dual::Dual> = line<double>;

namespace dual {

#define BACKPROP_INLINE inline
#define BACKPROP_INLINE_LAMBDA

template <class T> using Vector = T;
template <class T> using Bits = std::int64_t;  // -1 if true, as in the lanes of a vector
template <class T> constexpr int vector_size = 1;

inline Dual operator+(Dual x, Dual y) { return Dual(x.value + y.value, x.rate + y.rate); }
inline Dual operator-(Dual x, Dual y) { return Dual(x.value - y.value, x.rate - y.rate); }
inline Dual operator*(Dual x, Dual y) {
  return Dual(x.value * y.value, x.rate * y.value + x.value * y.rate);
}
inline Dual operator/(Dual x, Dual y) {
  const double value = x.value / y.value;
  return Dual(value, (x.rate - value * y.rate) / y.value);
}
inline Dual operator-(Dual x) { return Dual(-x.value, -x.rate); }
inline Dual& operator+=(Dual& x, Dual y) { return x = x + y; }
inline Dual& operator-=(Dual& x, Dual y) { return x = x - y; }
inline Dual& operator*=(Dual& x, Dual y) { return x = x * y; }
inline std::int64_t operator<(Dual x, Dual y) { return -std::int64_t{x.value < y.value}; }
inline std::int64_t operator>(Dual x, Dual y) { return -std::int64_t{x.value > y.value}; }
inline std::int64_t operator<=(Dual x, Dual y) { return -std::int64_t{x.value <= y.value}; }
inline std::int64_t operator>=(Dual x, Dual y) { return -std::int64_t{x.value >= y.value}; }
inline std::int64_t operator==(Dual x, Dual y) { return -std::int64_t{x.value == y.value}; }
inline std::int64_t operator!=(Dual x, Dual y) { return -std::int64_t{x.value != y.value}; }
inline Dual fma(Dual x, Dual y, Dual z) { return x * y + z; }

inline Dual load(const Dual* p) { return *p; }
inline void store(Dual* p, Dual x) { *p = x; }
inline Dual broadcast(Dual x) { return x; }
template <class T> T constant(double x) { return T(x); }
template <class T> T select(std::int64_t condition, T yes, T no) { return condition ? yes : no; }
template <class T> T sum_vectors(const T (&sums)[1]) { return sums[0]; }

// A function of `x` with this value and slope.
inline Dual chain(Dual x, double value, double slope) { return Dual(value, slope * x.rate); }

template <class T> T absolute(T x) { return std::signbit(x.value) ? -x : x; }
template <class T> T with_sign_of(T size, T sign_of) {
  return std::signbit(size.value) == std::signbit(sign_of.value) ? size : -size;
}
template <class T> T at_least(T x, T low) { return x < low ? low : x; }
template <class T> T at_most(T x, T high) { return x > high ? high : x; }

template <class T> T exponential(T x) {
  const double value = std::exp(x.value);
  return chain(x, value, value);
}
template <class T> T exponential_below_0(T x) { return exponential<T>(x); }
template <class T> T exponential_minus_1(T x) {
  return chain(x, std::expm1(x.value), std::exp(x.value));
}
template <class T> T logarithm(T x) { return chain(x, std::log(x.value), 1 / x.value); }
template <class T> T logarithm_of_1_plus(T x) {
  return chain(x, std::log1p(x.value), 1 / (1 + x.value));
}

// 1 / (1 + e^-x) without overflow, and its slope
inline double plain_logistic(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
template <class T> T logistic(T x) {
  const double value = plain_logistic(x.value);
  return chain(x, value, value * plain_logistic(-x.value));
}
template <class T> T soft_plus(T x) {
  const double value = std::fmax(x.value, 0) + std::log1p(std::exp(-std::abs(x.value)));
  return chain(x, value, plain_logistic(x.value));
}
template <class T> T hyperbolic_tangent(T x) {
  const double s = 2 * x.value;
  return chain(x, std::tanh(x.value), 4 * plain_logistic(s) * plain_logistic(-s));
}
template <class T> T log_cosh_below_1(T x) {
  return chain(x, std::log(std::cosh(x.value)), std::tanh(x.value));
}
template <class T> T normal_distribution(T x) {
  return chain(x, 0.5 * std::erfc(x.value * -0.70710678118654752440),
               0.39894228040143268 * std::exp(-0.5 * x.value * x.value));
}

// log(Gamma(x)), and the first and second derivative of it for x > 0, from x + 8 by the recurrence
// and the asymptotic series (Abramowitz and Stegun 1972, 6.3.18 and 6.4.12).
inline double plain_digamma(double x) {
  double less = 0;
  for (; x < 8; ++x) less += 1 / x;
  const double square = 1 / (x * x);
  const double series =
      square *
      (1.0 / 12 -
       square * (1.0 / 120 -
                 square * (1.0 / 252 -
                           square * (1.0 / 240 - square * (1.0 / 132 - square * (691.0 / 32760 -
                                                                                 square / 12))))));
  return std::log(x) - 0.5 / x - series - less;
}
inline double plain_trigamma(double x) {
  double more = 0;
  for (; x < 8; ++x) more += 1 / (x * x);
  const double square = 1 / (x * x);
  const double series =
      square *
      (1.0 / 6 -
       square * (1.0 / 30 -
                 square * (1.0 / 42 -
                           square * (1.0 / 30 - square * (5.0 / 66 - square * (691.0 / 2730 -
                                                                               square * 7 / 6))))));
  return (1 + series) / x + square / 2 + more;
}
template <class T> T log_gamma(T x) {
  return chain(x, std::lgamma(x.value), plain_digamma(x.value));
}
template <class T> T digamma(T x) {
  return chain(x, plain_digamma(x.value), plain_trigamma(x.value));
}

// t = tanh(log(1 + e^x)) and its derivatives: t' = (1 - t^2) s with s = 1 / (1 + e^-x), where
// (1 - t^2) s = 4 e (1 + e) / (e^2 + 2 e + 2)^2 with e = e^x, written without overflow; and
// t'' = t' (1 - s - 2 t s).
struct TanhOfSoftPlus {
  double value, slope, slope2;
  explicit TanhOfSoftPlus(double x) {
    const double e = std::exp(-std::abs(x)), s = plain_logistic(x);
    const double below = e * (e + 2), above = 1 + 2 * e;
    const double sum = x < 0 ? below + 2 : above + 2 * e * e;
    value = x < 0 ? below / sum : above / sum;
    slope = 4 * (x < 0 ? e : e * e) * (1 + e) / (sum * sum);
    slope2 = slope * (1 - s - 2 * value * s);
  }
};
template <class T> T tanh_of_soft_plus(T x) {
  const TanhOfSoftPlus t(x.value);
  return chain(x, t.value, t.slope);
}
template <class T> T slope_of_mish(T x) {
  const TanhOfSoftPlus t(x.value);
  return chain(x, t.value + x.value * t.slope, 2 * t.slope + x.value * t.slope2);
}

}  // namespace dual

}  // namespace backprop
