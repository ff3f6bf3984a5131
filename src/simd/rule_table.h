// The table of first-order rules: a row each. Who includes it defines before it what a row becomes.
//
//   BACKPROP_RULE(name, moments, step)
//     One step from the gradient g: statements that change the weight w and what the rule remembers
//     of each weight, `moments` numbers: none, m, or m and v. `s` holds the numbers of the step,
//     which Step in types.h describes.
//
// Moments that would become denormal numbers become 0: those cost a hundred times the time of
// others.

// clang-format off
BACKPROP_RULE(gradient_descent, 0,
  w = fma(-s.rate, g, w);)

BACKPROP_RULE(momentum, 1,
  m = without_denormals<T>(fma(-s.rate, g, s.decay * m));
  w = w + m;)

BACKPROP_RULE(nesterov, 1,
  m = without_denormals<T>(fma(-s.rate, g, s.decay * m));
  w = w + fma(-s.rate, g, s.decay * m);)

// m is the mean of g^2
BACKPROP_RULE(rmsprop, 1,
  m = without_denormals<T>(fma((number(1) - s.decay) * g, g, s.decay * m));
  w = w - s.rate * g / (square_root(m) + s.epsilon);)

// m is the mean of g, v that of g^2, both corrected for having begun at 0
BACKPROP_RULE(adam, 2,
  m = without_denormals<T>(fma(number(1) - s.decay, g, s.decay * m));
  v = without_denormals<T>(fma((number(1) - s.decay2) * g, g, s.decay2 * v));
  w = w - s.corrected_rate * m / fma(s.correction2, square_root(v), s.epsilon);)

// m is the last gradient, v the step of each weight: longer where the sign stays, shorter where it
// changes, which also makes no step
BACKPROP_RULE(rprop, 2,
  const Vector<T> agreement = sign_or_zero<T>(g) * sign_or_zero<T>(m);
  v = select<T>(agreement > number(0), at_most<T>(v * s.more, s.most), v);
  v = select<T>(agreement < number(0), at_least<T>(v * s.less, s.least), v);
  m = select<T>(agreement < number(0), number(0), g);
  w = w - sign_or_zero<T>(m) * v;)
// clang-format on

#undef BACKPROP_RULE
