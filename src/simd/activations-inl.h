// Activations and their slopes for panels, generated from activation_table.h.

template <class T, Activation KIND> struct Elementwise;

#define BACKPROP_ACTIVATION(NAME, SLOPE_NEEDS_INPUT, VALUE, SLOPE)               \
  template <class T> struct Elementwise<T, Activation::NAME> {                   \
    static BACKPROP_INLINE Vector<T> number(double x) { return constant<T>(x); } \
    static BACKPROP_INLINE Vector<T> value(Vector<T> z) { return VALUE; }        \
    static BACKPROP_INLINE Vector<T> slope(Vector<T> z, Vector<T> a) {           \
      (void)z;                                                                   \
      (void)a;                                                                   \
      return SLOPE;                                                              \
    }                                                                            \
  };
#define BACKPROP_ACTIVATION_OF_LAYER(...)
#include "activation_table.h"

// Calls f with the row of the table for `kind`, if it is elementwise.
template <class T, class F> BACKPROP_INLINE void with_elementwise(Activation kind, F&& f) {
#define BACKPROP_ACTIVATION(NAME, ...) \
  if (kind == Activation::NAME) return f(Elementwise<T, Activation::NAME>{});
#define BACKPROP_ACTIVATION_OF_LAYER(...)
#include "activation_table.h"
}

// Calls f(at) for each vector of rows, where `at` is the index of its first unit in panels of
// `units` units.
template <class T, class F>
BACKPROP_INLINE void for_each_row_vector(std::size_t panels, std::size_t units, F&& f) {
  for (std::size_t panel = 0; panel < panels; ++panel)
    for (std::size_t part = 0; part < line<T>; part += vector_size<T>)
      f(panel * units * line<T> + part);
}

// a_u = exp(z_u - max z) / sum_v exp(z_v - max z)
template <class T> void softmax(std::size_t panels, std::size_t units, const T* input, T* output) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> most = load(input + at), sum = constant<T>(0);
    for (std::size_t u = 1; u < units; ++u)
      most = at_least<T>(load(input + at + u * line<T>), most);
    for (std::size_t u = 0; u < units; ++u) {
      const Vector<T> e = exponential_below_0<T>(load(input + at + u * line<T>) - most);
      store(output + at + u * line<T>, e);
      sum += e;
    }
    for (std::size_t u = 0; u < units; ++u)
      store(output + at + u * line<T>, load(output + at + u * line<T>) / sum);
  });
}

// delta_u <- a_u (delta_u - sum_v a_v delta_v)
template <class T>
void multiply_softmax_slope(std::size_t panels, std::size_t units, const T*, const T* output,
                            T* delta) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> sum = constant<T>(0);
    for (std::size_t u = 0; u < units; ++u)
      sum = fma(load(output + at + u * line<T>), load(delta + at + u * line<T>), sum);
    for (std::size_t u = 0; u < units; ++u) {
      T* d = delta + at + u * line<T>;
      store(d, load(output + at + u * line<T>) * (load(d) - sum));
    }
  });
}

// Calls f(i, u) for the vector at index i of each unit u of each row.
template <class T, class F>
BACKPROP_INLINE void for_each_unit_vector(std::size_t panels, std::size_t units, F&& f) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) BACKPROP_INLINE_LAMBDA {
    for (std::size_t u = 0; u < units; ++u) f(at + u * line<T>, u);
  });
}

template <class T>
void mean_and_sd(std::size_t panels, std::size_t units, const T* input, T* output) {
  for_each_unit_vector<T>(panels, units, [&](std::size_t i, std::size_t u) {
    const Vector<T> z = load(input + i);
    store(output + i, u == 0 ? z : exponential<T>(z));
  });
}
template <class T>
void multiply_mean_and_sd_slope(std::size_t panels, std::size_t units, const T*, const T* output,
                                T* delta) {
  for_each_unit_vector<T>(panels, units, [&](std::size_t i, std::size_t u) {
    if (u > 0) store(delta + i, load(delta + i) * load(output + i));
  });
}

template <class T>
void mean_and_precision(std::size_t panels, std::size_t units, const T* input, T* output) {
  for_each_unit_vector<T>(panels, units, [&](std::size_t i, std::size_t u) {
    const Vector<T> z = load(input + i);
    store(output + i, u == 0 ? logistic<T>(z) : exponential<T>(z));
  });
}
template <class T>
void multiply_mean_and_precision_slope(std::size_t panels, std::size_t units, const T*,
                                       const T* output, T* delta) {
  for_each_unit_vector<T>(panels, units, [&](std::size_t i, std::size_t u) {
    const Vector<T> a = load(output + i);
    store(delta + i, load(delta + i) * (u == 0 ? a * (constant<T>(1) - a) : a));
  });
}

template <class T>
void increasing(std::size_t panels, std::size_t units, const T* input, T* output) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> sum = load(input + at);
    store(output + at, sum);
    for (std::size_t i = at + line<T>; i < at + units * line<T>; i += line<T>) {
      sum += soft_plus<T>(load(input + i));
      store(output + i, sum);
    }
  });
}
// delta_u <- sum of delta_u, delta_(u + 1), ..., times the slope of the step of unit u
template <class T>
void multiply_increasing_slope(std::size_t panels, std::size_t units, const T* input, const T*,
                               T* delta) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> sum = constant<T>(0);
    for (std::size_t u = units; u-- > 0;) {
      const std::size_t i = at + u * line<T>;
      sum += load(delta + i);
      store(delta + i, u == 0 ? sum : sum * logistic<T>(load(input + i)));
    }
  });
}

template <class T> void ordered(std::size_t panels, std::size_t units, const T* input, T* output) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> c = load(input + at);
    store(output + at, logistic<T>(c));
    for (std::size_t i = at + line<T>; i < at + units * line<T>; i += line<T>) {
      c -= soft_plus<T>(load(input + i));
      store(output + i, logistic<T>(c));
    }
  });
}
template <class T>
void multiply_ordered_slope(std::size_t panels, std::size_t units, const T* input, const T* output,
                            T* delta) {
  for_each_row_vector<T>(panels, units, [&](std::size_t at) {
    Vector<T> sum = constant<T>(0);
    for (std::size_t u = units; u-- > 0;) {
      const std::size_t i = at + u * line<T>;
      const Vector<T> a = load(output + i);
      sum += load(delta + i) * (a * (constant<T>(1) - a));
      store(delta + i, u == 0 ? sum : -sum * logistic<T>(load(input + i)));
    }
  });
}

// output <- f(input); both may be the same array
template <class T>
void activate(Activation kind, std::size_t panels, std::size_t units, const T* input,
              T* output) noexcept {
#define BACKPROP_ACTIVATION(...)
#define BACKPROP_ACTIVATION_OF_LAYER(NAME, VALUE, SLOPE) \
  if (kind == Activation::NAME) return VALUE<T>(panels, units, input, output);
#include "activation_table.h"
  const std::size_t count = panels * units * line<T>;
  with_elementwise<T>(kind, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t i = 0; i < count; i += vector_size<T>)
      store(output + i, row.value(load(input + i)));
  });
}

// delta <- delta * f'(input); `input` is used only by rows with slope_needs_input
template <class T>
void multiply_slope(Activation kind, std::size_t panels, std::size_t units, const T* input,
                    const T* output, T* delta) noexcept {
  if (kind == Activation::identity) return;
#define BACKPROP_ACTIVATION(...)
#define BACKPROP_ACTIVATION_OF_LAYER(NAME, VALUE, SLOPE) \
  if (kind == Activation::NAME) return SLOPE<T>(panels, units, input, output, delta);
#include "activation_table.h"
  const std::size_t count = panels * units * line<T>;
  with_elementwise<T>(kind, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t i = 0; i < count; i += vector_size<T>)
      store(delta + i, load(delta + i) * row.slope(load(input + i), load(output + i)));
  });
}
