// The table of first-order rules, one row each. Define the macro for the rows before including it.
//
//   BACKPROP_RULE(name, moments, step)
//     One update with the gradient g: statements that change the weight w and the moments, which
//     are none, m, or m and v for `moments` = 0, 1, 2. `s` contains the constants of the update,
//     see Step in types.h.
//
// Tiny moments are set to 0, because arithmetic with denormals is slow.

// clang-format off
BACKPROP_RULE(gradient_descent, 0,
  w = fma(-s.rate, g, w);)

BACKPROP_RULE(momentum, 1,
  m = without_denormals<T>(fma(-s.rate, g, s.decay * m));
  w = w + m;)

BACKPROP_RULE(nesterov, 1,
  m = without_denormals<T>(fma(-s.rate, g, s.decay * m));
  w = w + fma(-s.rate, g, s.decay * m);)

// m is a moving average of g^2
BACKPROP_RULE(rmsprop, 1,
  m = without_denormals<T>(fma((number(1) - s.decay) * g, g, s.decay * m));
  w = w - s.rate * g / (square_root(m) + s.epsilon);)

// m and v are moving averages of g and g^2, both with bias correction
BACKPROP_RULE(adam, 2,
  m = without_denormals<T>(fma(number(1) - s.decay, g, s.decay * m));
  v = without_denormals<T>(fma((number(1) - s.decay2) * g, g, s.decay2 * v));
  w = w - s.corrected_rate * m / fma(s.correction2, square_root(v), s.epsilon);)

// m is the previous gradient, v the step size of each weight, which grows while the sign of the
// gradient stays the same; if the sign changes, v shrinks and the weight is not updated
BACKPROP_RULE(rprop, 2,
  const Vector<T> agreement = sign_or_zero<T>(g) * sign_or_zero<T>(m);
  v = select<T>(agreement > number(0), at_most<T>(v * s.more, s.most), v);
  v = select<T>(agreement < number(0), at_least<T>(v * s.less, s.least), v);
  m = select<T>(agreement < number(0), number(0), g);
  w = w - sign_or_zero<T>(m) * v;)
// clang-format on

#undef BACKPROP_RULE
