// Losses and their derivatives for panels, generated from loss_table.h.

template <class T> BACKPROP_INLINE Vector<T> sign_or_zero(Vector<T> x) {
  return select<T>(x == constant<T>(0), constant<T>(0), with_sign_of<T>(constant<T>(1), x));
}

// x where y is not 0, otherwise 0, also if x is not finite
template <class T> BACKPROP_INLINE Vector<T> zero_or(Vector<T> y, Vector<T> x) {
  return select<T>(y == constant<T>(0), constant<T>(0), x);
}

template <class T, Loss KIND> struct Pointwise;
template <class T, Loss KIND, Activation OUTPUT> struct FromInput;

#define BACKPROP_LOSS(NAME, VALUE, SLOPE)                                           \
  template <class T> struct Pointwise<T, Loss::NAME> {                              \
    static BACKPROP_INLINE Vector<T> number(double x) { return constant<T>(x); }    \
    static BACKPROP_INLINE Vector<T> value(Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)p;                                                                      \
      return VALUE;                                                                 \
    }                                                                               \
    static BACKPROP_INLINE Vector<T> slope(Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)p;                                                                      \
      return SLOPE;                                                                 \
    }                                                                               \
  };
#define BACKPROP_LOSS_FROM_INPUT(NAME, OUTPUT, VALUE, SLOPE)                                     \
  template <class T> struct FromInput<T, Loss::NAME, Activation::OUTPUT> {                       \
    static BACKPROP_INLINE Vector<T> number(double x) { return constant<T>(x); }                 \
    static BACKPROP_INLINE Vector<T> value(Vector<T> z, Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)a;                                                                                   \
      (void)p;                                                                                   \
      return VALUE;                                                                              \
    }                                                                                            \
    static BACKPROP_INLINE Vector<T> slope(Vector<T> z, Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)z;                                                                                   \
      (void)a;                                                                                   \
      (void)p;                                                                                   \
      return SLOPE;                                                                              \
    }                                                                                            \
  };
#define BACKPROP_LOSS_OF_LAYER(...)
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#include "loss_table.h"

// delta <- weight * derivative, and adds the weighted values to `total`. Rows with weight 0 are
// ignored, even if their values are not finite.
template <class T>
BACKPROP_INLINE void weigh(Vector<T> weight, Vector<T> value, Vector<T> derivative,
                           Vector<T>& total, T* delta) {
  const Vector<T> zero = constant<T>(0);
  total += select<T>(weight == zero, zero, weight * value);
  store(delta, select<T>(weight == zero, zero, weight * derivative));
}

template <class T, class F>
BACKPROP_INLINE double sum_over_rows(std::size_t panels, std::size_t units, const T* weight,
                                     F&& f) {
  Vector<T> total = constant<T>(0);
  for_each_row_vector<T>(panels, units, [&](std::size_t at) BACKPROP_INLINE_LAMBDA {
    const std::size_t panel = at / (units * line<T>);
    f(at, load(weight + panel * line<T> + at % line<T>), total);
  });
  const Vector<T> totals[1] = {total};
  alignas(64) T sum[vector_size<T>];
  store(sum, sum_vectors<T>(totals));
  return static_cast<double>(sum[0]);
}

template <class T, class F>
double sum_over_units(std::size_t panels, std::size_t units, const T* weight, F&& f) {
  return sum_over_rows<T>(panels, units, weight,
                          [&](std::size_t at, Vector<T> w, Vector<T>& total)
                              BACKPROP_INLINE_LAMBDA {
                                for (std::size_t u = 0; u < units; ++u)
                                  f(at + u * line<T>, u, w, total);
                              });
}

// sum_u y_u (log sum_v e^z_v - z_u), with derivative a sum(y) - y. After subtracting the largest
// logit, its term of the sum is 1, so the logarithm is computed accurately as log(1 + other terms).
template <class T>
double softmax_cross_entropy(std::size_t panels, std::size_t units, const T* input, const T* output,
                             const T* target, const T* weight, T* delta) {
  return sum_over_rows<T>(
      panels, units, weight,
      [&](std::size_t at, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> zero = constant<T>(0);
        Vector<T> most = load(input + at), others = zero, value = zero, all = zero;
        const std::size_t end = at + units * line<T>;
        for (std::size_t i = at; i < end; i += line<T>) most = at_least<T>(load(input + i), most);
        Bits<T> met = most != most;
        for (std::size_t i = at; i < end; i += line<T>) {
          const Vector<T> z = load(input + i);
          const Bits<T> first = (z == most) & ~met;
          others += select<T>(first, zero, exponential_below_0<T>(z - most));
          met |= first;
        }
        const Vector<T> log_sum = logarithm_of_1_plus<T>(others);
        for (std::size_t i = at; i < end; i += line<T>) {
          const Vector<T> y = load(target + i);
          value = fma(y, log_sum + (most - load(input + i)), value);
          all += y;
        }
        total += select<T>(w == zero, w, w * value);
        for (std::size_t i = at; i < end; i += line<T>)
          store(delta + i,
                select<T>(w == zero, w, w * fma(load(output + i), all, -load(target + i))));
      });
}

// log(s) + r^2 / 2 with r = (y - m) / s, for the input m and log(s)
template <class T>
double gaussian_loss(std::size_t panels, std::size_t units, const T* input, const T*,
                     const T* target, const T* weight, T* delta) {
  return sum_over_rows<T>(
      panels, units, weight,
      [&](std::size_t at, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> log_s = load(input + at + line<T>), per_s = exponential<T>(-log_s);
        const Vector<T> r = (load(target + at) - load(input + at)) * per_s;
        weigh<T>(w, fma(constant<T>(0.5) * r, r, log_s), -r * per_s, total, delta + at);
        Vector<T> none = constant<T>(0);
        weigh<T>(w, none, fma(-r, r, constant<T>(1)), none, delta + at + line<T>);
      });
}

// With a = m f and b = (1 - m) f, log(Gamma(a) Gamma(b) / Gamma(f)) - (a - 1) log(y) -
// (b - 1) log(1 - y), for the input logit(m) and log(f) (Ferrari and Cribari-Neto 2004,
// doi:10.1080/0266476042000214501).
template <class T>
double beta_loss(std::size_t panels, std::size_t units, const T* input, const T* output,
                 const T* target, const T* weight, T* delta) {
  return sum_over_rows<T>(
      panels, units, weight,
      [&](std::size_t at, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> one = constant<T>(1), y = load(target + at);
        const Vector<T> m = load(output + at), rest = logistic<T>(-load(input + at));
        const Vector<T> f = load(output + at + line<T>), a = m * f, b = rest * f;
        const Vector<T> log_y = logarithm<T>(y), log_rest = logarithm<T>(one - y);
        const Vector<T> of_f = digamma<T>(f);
        const Vector<T> slope_a = (digamma<T>(a) - of_f) - log_y,
                        slope_b = (digamma<T>(b) - of_f) - log_rest;
        const Vector<T> value = (log_gamma<T>(a) + log_gamma<T>(b) - log_gamma<T>(f)) -
                                (a - one) * log_y - (b - one) * log_rest;
        weigh<T>(w, value, f * m * rest * (slope_a - slope_b), total, delta + at);
        Vector<T> none = constant<T>(0);
        weigh<T>(w, none, a * slope_a + b * slope_b, none, delta + at + line<T>);
      });
}

// Output k is 1 / (1 + e^-c_k), with c_1 = z_1 and c_k = c_(k - 1) - log(1 + e^z_k); target k is
// whether the class is above k. The probability of class k is output k - 1 minus output k, which is
// 1 / ((1 + e^-c_(k - 1)) (1 + e^c_k) (1 + e^-z_k)) without a difference.
template <class T>
double ordered_cross_entropy(std::size_t panels, std::size_t units, const T* input, const T*,
                             const T* target, const T* weight, T* delta) {
  return sum_over_rows<T>(
      panels, units, weight,
      [&](std::size_t at, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> zero = constant<T>(0);
        Vector<T> c = load(input + at), value = zero;
        // the weight of the class below k, and the derivative with respect to c_k
        Vector<T> below = constant<T>(1) - load(target + at);
        for (std::size_t k = 0; k < units; ++k) {
          const std::size_t i = at + k * line<T>;
          const Vector<T> z = load(input + i), t = load(target + i);
          if (k > 0) {
            c -= soft_plus<T>(z);
            below = load(target + i - line<T>) - t;
            value += zero_or<T>(below, below * soft_plus<T>(-z));
          }
          const Vector<T> next = k + 1 < units ? load(target + i + line<T>) : zero;
          const Vector<T> above = t - next;
          value += zero_or<T>(below, below * soft_plus<T>(c)) +
                   zero_or<T>(above, above * soft_plus<T>(-c));
          store(delta + i, below * logistic<T>(c) - above * logistic<T>(-c));
        }
        total += select<T>(w == zero, w, w * value);
        Vector<T> sum = zero;
        for (std::size_t k = units; k-- > 0;) {
          const std::size_t i = at + k * line<T>;
          const Vector<T> z = load(input + i);
          sum += load(delta + i);
          Vector<T> slope = sum;
          if (k > 0) {
            below = load(target + i - line<T>) - load(target + i);
            slope = -(sum * logistic<T>(z)) - below * logistic<T>(-z);
          }
          store(delta + i, select<T>(w == zero, w, w * slope));
        }
      });
}

// `parameters` has one number for each unit.
template <class T, class ROW>
double loss_from_input(ROW row, const T* parameters, std::size_t panels, std::size_t units,
                       const T* input, const T* output, const T* target, const T* weight,
                       T* delta) {
  return sum_over_units<T>(
      panels, units, weight,
      [&](std::size_t i, std::size_t u, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> y = load(target + i), a = load(output + i), z = load(input + i),
                        p = broadcast(parameters[u]);
        weigh<T>(w, row.value(z, a, y, p), row.slope(z, a, y, p), total, delta + i);
      });
}

// Writes to delta the derivative with respect to the output.
template <class T, class ROW>
double loss_from_output(ROW row, const T* parameters, std::size_t panels, std::size_t units,
                        const T* output, const T* target, const T* weight, T* delta) {
  return sum_over_units<T>(
      panels, units, weight,
      [&](std::size_t i, std::size_t u, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> y = load(target + i), a = load(output + i), p = broadcast(parameters[u]);
        weigh<T>(w, row.value(a, y, p), row.slope(a, y, p), total, delta + i);
      });
}

// Returns the weighted sum of the loss over the rows. Writes to delta its derivative with respect
// to the input of the output layer. `parameters` has one number for each unit.
template <class T>
double loss(Loss kind, Activation output_kind, const T* parameters, std::size_t panels,
            std::size_t units, const T* input, const T* output, const T* target, const T* weight,
            T* delta) noexcept {
#define BACKPROP_LOSS(...)
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#define BACKPROP_LOSS_FROM_INPUT(NAME, OUTPUT, ...)                                               \
  if (kind == Loss::NAME && output_kind == Activation::OUTPUT)                                    \
    return loss_from_input<T>(FromInput<T, Loss::NAME, Activation::OUTPUT>{}, parameters, panels, \
                              units, input, output, target, weight, delta);
#define BACKPROP_LOSS_OF_LAYER(NAME, OUTPUT, FUNCTION)         \
  if (kind == Loss::NAME && output_kind == Activation::OUTPUT) \
    return FUNCTION<T>(panels, units, input, output, target, weight, delta);
#include "loss_table.h"
  double sum = 0;
#define BACKPROP_LOSS(NAME, ...)                                                             \
  if (kind == Loss::NAME)                                                                    \
    sum = loss_from_output<T>(Pointwise<T, Loss::NAME>{}, parameters, panels, units, output, \
                              target, weight, delta);
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#define BACKPROP_LOSS_FROM_INPUT(...)
#define BACKPROP_LOSS_OF_LAYER(...)
#include "loss_table.h"
  multiply_slope<T>(output_kind, panels, units, input, output, delta);
  return sum;
}
