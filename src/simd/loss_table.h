// The table of losses, one row each. Define the macros for the rows before including it.
//
//   BACKPROP_LOSS(name, value, slope)
//     The value L(a, y) for an output a and a target y, and its derivative with respect to a; p is
//     the parameter of the loss for this output.
//   BACKPROP_LOSS_FROM_INPUT(name, output, value, slope)
//     With this output activation, the value and its derivative with respect to z are computed from
//     the input z of the output layer, so that they are accurate for all z.
//   BACKPROP_LOSS_OF_LAYER(name, output, function)
//     The same for an activation of the whole layer: a function in losses-inl.h.
//   BACKPROP_LOSS_FROM_INPUT_ONLY(name)
//     A loss that is defined only by rows of the previous two kinds, for their output activations.
//
// number(x) is a vector with x in each lane. The other functions are in functions-inl.h.

// clang-format off
BACKPROP_LOSS(squared_error,
  number(0.5) * (a - y) * (a - y),
  a - y)

// -y log(a) - (1 - y) log(1 - a) for sigmoid, -sum(y log(a)) for softmax
BACKPROP_LOSS_FROM_INPUT_ONLY(cross_entropy)
BACKPROP_LOSS_FROM_INPUT(cross_entropy, sigmoid,
  fma(-y, z, at_least<T>(z, number(0))) +
    logarithm_of_1_plus<T>(exponential_below_0<T>(-absolute<T>(z))),
  a - y)
BACKPROP_LOSS_OF_LAYER(cross_entropy, softmax, softmax_cross_entropy)

BACKPROP_LOSS(absolute,
  absolute<T>(a - y),
  sign_or_zero<T>(a - y))

// p is the largest residual for which the loss is quadratic
BACKPROP_LOSS(huber,
  select<T>(absolute<T>(a - y) <= p, number(0.5) * (a - y) * (a - y),
            p * (absolute<T>(a - y) - number(0.5) * p)),
  at_least<T>(at_most<T>(a - y, p), -p))

// a - y log(a)
BACKPROP_LOSS(poisson,
  a - select<T>(y == number(0), y, y * logarithm<T>(a)),
  number(1) - select<T>(y == number(0), y, y / a))
BACKPROP_LOSS_FROM_INPUT(poisson, exp,
  fma(-y, z, a),
  a - y)

// p is the probability of the quantile
BACKPROP_LOSS(quantile,
  select<T>(a < y, p * (y - a), (number(1) - p) * (a - y)),
  select<T>(a == y, number(0), select<T>(a < y, -p, number(1) - p)))

// log(cosh(d)) for d = a - y: log(1 + (e^|d| - 1)^2 / (2 e^|d|)) for |d| < 1, which is accurate for
// small d, otherwise |d| + log(1 + e^(-2 |d|)) - log(2)
BACKPROP_LOSS(log_cosh,
  select<T>(absolute<T>(a - y) < number(1), log_cosh_below_1<T>(absolute<T>(a - y)),
            absolute<T>(a - y) - number(0.69314718055994531) +
              logarithm_of_1_plus<T>(exponential_below_0<T>(number(-2) * absolute<T>(a - y)))),
  hyperbolic_tangent<T>(a - y))

// y / a + log(a)
BACKPROP_LOSS(gamma,
  y / a + logarithm<T>(a),
  (a - y) / (a * a))
BACKPROP_LOSS_FROM_INPUT(gamma, exp,
  fma(y, exponential<T>(-z), z),
  fma(-y, exponential<T>(-z), number(1)))

// a^(2 - p) / (2 - p) + y a^(1 - p) / (p - 1), with the power p between 1 and 2
BACKPROP_LOSS(tweedie,
  exponential<T>((number(2) - p) * logarithm<T>(a)) / (number(2) - p) +
    zero_or<T>(y, y * exponential<T>((number(1) - p) * logarithm<T>(a)) / (p - number(1))),
  exponential<T>((number(1) - p) * logarithm<T>(a)) -
    zero_or<T>(y, y * exponential<T>(-p * logarithm<T>(a))))
BACKPROP_LOSS_FROM_INPUT(tweedie, exp,
  exponential<T>((number(2) - p) * z) / (number(2) - p) +
    zero_or<T>(y, y * exponential<T>((number(1) - p) * z) / (p - number(1))),
  exponential<T>((number(2) - p) * z) - zero_or<T>(y, y * exponential<T>((number(1) - p) * z)))

// (y + p) log(1 + a / p) - y log(a), with the size p; from the input, a / p is e^(z - log(p))
BACKPROP_LOSS(negative_binomial,
  (y + p) * logarithm_of_1_plus<T>(a / p) - zero_or<T>(y, y * logarithm<T>(a)),
  (y + p) / (a + p) - zero_or<T>(y, y / a))
BACKPROP_LOSS_FROM_INPUT(negative_binomial, exp,
  fma(-y, z, (y + p) * soft_plus<T>(z - logarithm<T>(p))),
  p * logistic<T>(z - logarithm<T>(p)) - y * logistic<T>(logarithm<T>(p) - z))

// log(s) + (y - m)^2 / (2 s^2) for the outputs m and s
BACKPROP_LOSS_FROM_INPUT_ONLY(gaussian)
BACKPROP_LOSS_OF_LAYER(gaussian, mean_sd, gaussian_loss)

// minus the log density of the beta distribution with mean m and precision f
BACKPROP_LOSS_FROM_INPUT_ONLY(beta)
BACKPROP_LOSS_OF_LAYER(beta, mean_precision, beta_loss)

// minus the log probability of the class, where output k is the probability of a class above k
BACKPROP_LOSS_FROM_INPUT_ONLY(cumulative)
BACKPROP_LOSS_OF_LAYER(cumulative, ordered, ordered_cross_entropy)

// a function of the caller, which Pass computes instead (core/custom.h)
BACKPROP_LOSS(custom,
  number(0) * a * y,
  number(0) * a * y)
// clang-format on

#undef BACKPROP_LOSS
#undef BACKPROP_LOSS_FROM_INPUT
#undef BACKPROP_LOSS_OF_LAYER
#undef BACKPROP_LOSS_FROM_INPUT_ONLY
