// The table of losses: the value L(a, y) and its derivative to the output a. Three pairs of loss
// and output are taken from the logits z instead, where the derivative to z is simply a - y:
// sigmoid and softmax with cross_entropy, exp with poisson.

template <class T, Loss KIND> struct Pointwise;

#define BACKPROP_LOSS(KIND, VALUE, SLOPE)                                           \
  template <class T> struct Pointwise<T, Loss::KIND> {                              \
    static BACKPROP_INLINE Vector<T> value(Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)p;                                                                      \
      return VALUE;                                                                 \
    }                                                                               \
    static BACKPROP_INLINE Vector<T> slope(Vector<T> a, Vector<T> y, Vector<T> p) { \
      (void)p;                                                                      \
      return SLOPE;                                                                 \
    }                                                                               \
  };
template <class T> BACKPROP_INLINE Vector<T> sign_or_zero(Vector<T> x) {
  return select<T>(x == constant<T>(0), constant<T>(0), with_sign_of<T>(constant<T>(1), x));
}

BACKPROP_LOSS(squared_error, constant<T>(0.5) * (a - y) * (a - y), a - y)
BACKPROP_LOSS(absolute, absolute<T>(a - y), sign_or_zero<T>(a - y))
// p is the width within which the loss is quadratic
BACKPROP_LOSS(huber,
              select<T>(absolute<T>(a - y) <= p, constant<T>(0.5) * (a - y) * (a - y),
                        (p * (absolute<T>(a - y) - constant<T>(0.5) * p))),
              at_least<T>(at_most<T>(a - y, p), -p))
BACKPROP_LOSS(poisson, a - select<T>(y == constant<T>(0), y, (y * logarithm<T>(a))),
              constant<T>(1) - select<T>(y == constant<T>(0), y, y / a))
// p is the probability of the quantile
BACKPROP_LOSS(quantile, select<T>(a < y, (p * (y - a)), (constant<T>(1) - p) * (a - y)),
              select<T>(a == y, constant<T>(0), select<T>(a < y, -p, constant<T>(1) - p)))
#undef BACKPROP_LOSS

struct FromLogits {
  template <class T> static BACKPROP_INLINE Vector<T> binary(Vector<T> z, Vector<T> y) {
    return fma(-y, z, at_least<T>(z, constant<T>(0))) +
           logarithm_of_1_plus<T>(exponential_below_0<T>(-absolute<T>(z)));
  }
  template <class T> static BACKPROP_INLINE Vector<T> count(Vector<T> z, Vector<T> y, Vector<T> a) {
    return fma(-y, z, a);
  }
};

// delta <- weight * derivative, and the weighted values added to `total`; rows of weight 0 add
// nothing, whatever they hold
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
  return sum[0];
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

// sum_u y_u (log sum_v e^z_v - z_u); d/dz = a sum(y) - y. The largest logit's own term of the sum
// is 1, so that log(1 + the others) keeps its digits.
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

// Returns the weighted sum of the loss over the rows and writes delta, its derivative to the output
// layer's input.
template <class T>
double loss(Loss kind, Activation output_kind, T parameter, std::size_t panels, std::size_t units,
            const T* input, const T* output, const T* target, const T* weight, T* delta) noexcept {
  const Vector<T> p = broadcast(parameter);
  if (kind == Loss::cross_entropy && output_kind == Activation::softmax)
    return softmax_cross_entropy<T>(panels, units, input, output, target, weight, delta);
  if (kind == Loss::cross_entropy)
    return sum_over_units<T>(panels, units, weight,
                             [&](std::size_t i, Vector<T> w, Vector<T>& total)
                                 BACKPROP_INLINE_LAMBDA {
                                   const Vector<T> y = load(target + i);
                                   weigh<T>(w, FromLogits::binary<T>(load(input + i), y),
                                            load(output + i) - y, total, delta + i);
                                 });
  if (kind == Loss::poisson && output_kind == Activation::exp)
    return sum_over_units<T>(
        panels, units, weight,
        [&](std::size_t i, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
          const Vector<T> y = load(target + i), a = load(output + i);
          weigh<T>(w, FromLogits::count<T>(load(input + i), y, a), a - y, total, delta + i);
        });
  auto from_output = [&](auto row) {
    return sum_over_units<T>(
        panels, units, weight,
        [&](std::size_t i, Vector<T> w, Vector<T>& total) BACKPROP_INLINE_LAMBDA {
          const Vector<T> y = load(target + i), a = load(output + i);
          weigh<T>(w, row.value(a, y, p), row.slope(a, y, p), total, delta + i);
        });
  };
  double sum = 0;
  switch (kind) {
    case Loss::squared_error: sum = from_output(Pointwise<T, Loss::squared_error>{}); break;
    case Loss::absolute: sum = from_output(Pointwise<T, Loss::absolute>{}); break;
    case Loss::huber: sum = from_output(Pointwise<T, Loss::huber>{}); break;
    case Loss::poisson: sum = from_output(Pointwise<T, Loss::poisson>{}); break;
    case Loss::quantile: sum = from_output(Pointwise<T, Loss::quantile>{}); break;
    case Loss::cross_entropy: break;
  }
  multiply_slope<T>(output_kind, panels, units, input, output, delta);
  return sum;
}
