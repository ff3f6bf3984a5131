// Losses and their derivatives for panels, generated from loss_table.h.

template <class T> BACKPROP_INLINE Vector<T> sign_or_zero(Vector<T> x) {
  return select<T>(x == constant<T>(0), constant<T>(0), with_sign_of<T>(constant<T>(1), x));
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
#define BACKPROP_LOSS_FROM_INPUT(NAME, OUTPUT, VALUE)                               \
  template <class T> struct FromInput<T, Loss::NAME, Activation::OUTPUT> {          \
    static BACKPROP_INLINE Vector<T> number(double x) { return constant<T>(x); }    \
    static BACKPROP_INLINE Vector<T> value(Vector<T> z, Vector<T> a, Vector<T> y) { \
      (void)a;                                                                      \
      return VALUE;                                                                 \
    }                                                                               \
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
                                for (std::size_t i = at; i < at + units * line<T>; i += line<T>)
                                  f(i, w, total);
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

template <class T, class ROW>
double loss_from_input(ROW row, std::size_t panels, std::size_t units, const T* input,
                       const T* output, const T* target, const T* weight, T* delta) {
  return sum_over_units<T>(
      panels, units, weight,
      [&](std::size_t i, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> y = load(target + i), a = load(output + i);
        weigh<T>(w, row.value(load(input + i), a, y), a - y, total, delta + i);
      });
}

// Writes to delta the derivative with respect to the output.
template <class T, class ROW>
double loss_from_output(ROW row, T parameter, std::size_t panels, std::size_t units,
                        const T* output, const T* target, const T* weight, T* delta) {
  const Vector<T> p = broadcast(parameter);
  return sum_over_units<T>(
      panels, units, weight,
      [&](std::size_t i, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
        const Vector<T> y = load(target + i), a = load(output + i);
        weigh<T>(w, row.value(a, y, p), row.slope(a, y, p), total, delta + i);
      });
}

// Returns the weighted sum of the loss over the rows. Writes to delta its derivative with respect
// to the input of the output layer.
template <class T>
double loss(Loss kind, Activation output_kind, T parameter, std::size_t panels, std::size_t units,
            const T* input, const T* output, const T* target, const T* weight, T* delta) noexcept {
#define BACKPROP_LOSS(...)
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#define BACKPROP_LOSS_FROM_INPUT(NAME, OUTPUT, VALUE)                                        \
  if (kind == Loss::NAME && output_kind == Activation::OUTPUT)                               \
    return loss_from_input<T>(FromInput<T, Loss::NAME, Activation::OUTPUT>{}, panels, units, \
                              input, output, target, weight, delta);
#define BACKPROP_LOSS_OF_LAYER(NAME, OUTPUT, FUNCTION)         \
  if (kind == Loss::NAME && output_kind == Activation::OUTPUT) \
    return FUNCTION<T>(panels, units, input, output, target, weight, delta);
#include "loss_table.h"
  double sum = 0;
#define BACKPROP_LOSS(NAME, ...)                                                            \
  if (kind == Loss::NAME)                                                                   \
    sum = loss_from_output<T>(Pointwise<T, Loss::NAME>{}, parameter, panels, units, output, \
                              target, weight, delta);
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#define BACKPROP_LOSS_FROM_INPUT(...)
#define BACKPROP_LOSS_OF_LAYER(...)
#include "loss_table.h"
  multiply_slope<T>(output_kind, panels, units, input, output, delta);
  return sum;
}
