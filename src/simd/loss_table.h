// The table of losses, one row each. Define the macros for the rows before including it.
//
//   BACKPROP_LOSS(name, value, slope)
//     The value L(a, y) for an output a and a target y, and its derivative with respect to a; p is
//     the parameter of the loss.
//   BACKPROP_LOSS_FROM_INPUT(name, output, value)
//     With this output activation, the value is computed from the input z of the output layer, so
//     that it is accurate for all z. The derivative with respect to z is a - y.
//   BACKPROP_LOSS_OF_LAYER(name, output, function)
//     The same for an activation whose values depend on all units: a function in losses-inl.h.
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
    logarithm_of_1_plus<T>(exponential_below_0<T>(-absolute<T>(z))))
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
  fma(-y, z, a))

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
// clang-format on

#undef BACKPROP_LOSS
#undef BACKPROP_LOSS_FROM_INPUT
#undef BACKPROP_LOSS_OF_LAYER
#undef BACKPROP_LOSS_FROM_INPUT_ONLY
