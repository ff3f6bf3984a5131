// The table of activations: a row each, with its value f(z) and its derivative, in terms of the
// output a where that is possible. At a kink (relu, leaky_relu at 0) the derivative is the one from
// the left.

template <class T, Activation KIND> struct Elementwise;

#define BACKPROP_ACTIVATION(KIND, VALUE, SLOPE)                           \
  template <class T> struct Elementwise<T, Activation::KIND> {            \
    static BACKPROP_INLINE Vector<T> value(Vector<T> z) { return VALUE; } \
    static BACKPROP_INLINE Vector<T> slope(Vector<T> z, Vector<T> a) {    \
      (void)z;                                                            \
      (void)a;                                                            \
      return SLOPE;                                                       \
    }                                                                     \
  };
#define BACKPROP_NUMBER(x) constant<T>(x)

BACKPROP_ACTIVATION(sigmoid, logistic<T>(z), (a * (BACKPROP_NUMBER(1) - a)))
BACKPROP_ACTIVATION(tanh, hyperbolic_tangent<T>(z), BACKPROP_NUMBER(1) - a * a)
BACKPROP_ACTIVATION(relu, select<T>(z < BACKPROP_NUMBER(0), BACKPROP_NUMBER(0), z),
                    select<T>(a > BACKPROP_NUMBER(0), BACKPROP_NUMBER(1), BACKPROP_NUMBER(0)))
BACKPROP_ACTIVATION(leaky_relu, select<T>(z > BACKPROP_NUMBER(0), z, BACKPROP_NUMBER(0.01) * z),
                    select<T>(a > BACKPROP_NUMBER(0), BACKPROP_NUMBER(1), BACKPROP_NUMBER(0.01)))
BACKPROP_ACTIVATION(elu, select<T>(z > BACKPROP_NUMBER(0), z, exponential_minus_1<T>(z)),
                    select<T>(a > BACKPROP_NUMBER(0), BACKPROP_NUMBER(1), a + BACKPROP_NUMBER(1)))
// scale 1.0507..., alpha 1.6732... (Klambauer et al. 2017); 1.7580... is their product
BACKPROP_ACTIVATION(selu,
                    select<T>(z > BACKPROP_NUMBER(0), BACKPROP_NUMBER(1.0507009873554805) * z,
                              BACKPROP_NUMBER(1.7580993408473766) * exponential_minus_1<T>(z)),
                    select<T>(a > BACKPROP_NUMBER(0), BACKPROP_NUMBER(1.0507009873554805),
                              a + BACKPROP_NUMBER(1.7580993408473766)))
// z times the normal distribution function; the derivative adds z times the density
BACKPROP_ACTIVATION(gelu, (z * normal_distribution<T>(z)),
                    normal_distribution<T>(z) + z * BACKPROP_NUMBER(0.39894228040143268) *
                                                    exponential<T>(BACKPROP_NUMBER(-0.5) * z * z))
BACKPROP_ACTIVATION(silu, (z * logistic<T>(z)),
                    logistic<T>(z) * (BACKPROP_NUMBER(1) + z * logistic<T>(-z)))
BACKPROP_ACTIVATION(softplus, soft_plus<T>(z), -exponential_minus_1<T>(-a))
BACKPROP_ACTIVATION(identity, z, BACKPROP_NUMBER(1))
BACKPROP_ACTIVATION(exp, exponential<T>(z), a)
#undef BACKPROP_ACTIVATION
#undef BACKPROP_NUMBER

// Calls `f` with the row of the table that `kind` names; softmax, which mixes units, is no such
// row.
template <class T, class F> BACKPROP_INLINE void with_elementwise(Activation kind, F&& f) {
  switch (kind) {
    case Activation::sigmoid: return f(Elementwise<T, Activation::sigmoid>{});
    case Activation::tanh: return f(Elementwise<T, Activation::tanh>{});
    case Activation::relu: return f(Elementwise<T, Activation::relu>{});
    case Activation::leaky_relu: return f(Elementwise<T, Activation::leaky_relu>{});
    case Activation::elu: return f(Elementwise<T, Activation::elu>{});
    case Activation::selu: return f(Elementwise<T, Activation::selu>{});
    case Activation::gelu: return f(Elementwise<T, Activation::gelu>{});
    case Activation::silu: return f(Elementwise<T, Activation::silu>{});
    case Activation::softplus: return f(Elementwise<T, Activation::softplus>{});
    case Activation::identity: return f(Elementwise<T, Activation::identity>{});
    case Activation::exp: return f(Elementwise<T, Activation::exp>{});
    case Activation::softmax: return;
  }
}

// Calls `f(offset)` for each vector of rows, `offset` being where its first unit stands in panels
// of `units` units.
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
void multiply_softmax_slope(std::size_t panels, std::size_t units, const T* output, T* delta) {
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

// output <- f(input); the two may be one array
template <class T>
void activate(Activation kind, std::size_t panels, std::size_t units, const T* input,
              T* output) noexcept {
  if (kind == Activation::softmax) return softmax<T>(panels, units, input, output);
  const std::size_t count = panels * units * line<T>;
  with_elementwise<T>(kind, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t i = 0; i < count; i += vector_size<T>)
      store(output + i, row.value(load(input + i)));
  });
}

// delta <- delta * f'(input); `input` is read by gelu and silu alone
template <class T>
void multiply_slope(Activation kind, std::size_t panels, std::size_t units, const T* input,
                    const T* output, T* delta) noexcept {
  if (kind == Activation::identity) return;
  if (kind == Activation::softmax) return multiply_softmax_slope<T>(panels, units, output, delta);
  const std::size_t count = panels * units * line<T>;
  with_elementwise<T>(kind, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t i = 0; i < count; i += vector_size<T>)
      store(delta + i, load(delta + i) * row.slope(load(input + i), load(output + i)));
  });
}
