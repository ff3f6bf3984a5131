// The table of activations, one row each. Define the macros for the rows before including it.
//
//   BACKPROP_ACTIVATION(name, slope_needs_input, value, slope)
//     The value f(z) and the slope f'(z) for the input z of a unit. The slope is written in terms
//     of the value a if possible; slope_needs_input is true if it also uses z. At a kink (relu and
//     leaky_relu at 0) it is the left derivative.
//   BACKPROP_ACTIVATION_OF_LAYER(name, value, slope)
//     An activation of the whole layer, whose formula depends on the position of the unit or on
//     other units: two functions in activations-inl.h.
//
// number(x) is a vector with x in each lane. The other functions are in functions-inl.h.

// clang-format off
// 1 / (1 + exp(-z))
BACKPROP_ACTIVATION(sigmoid, false,
  logistic<T>(z),
  a * (number(1) - a))

BACKPROP_ACTIVATION(tanh, false,
  hyperbolic_tangent<T>(z),
  number(1) - a * a)

BACKPROP_ACTIVATION(relu, false,
  select<T>(z < number(0), number(0), z),
  select<T>(a > number(0), number(1), number(0)))

BACKPROP_ACTIVATION(leaky_relu, false,
  select<T>(z > number(0), z, number(0.01) * z),
  select<T>(a > number(0), number(1), number(0.01)))

// z, or exp(z) - 1 below 0
BACKPROP_ACTIVATION(elu, false,
  select<T>(z > number(0), z, exponential_minus_1<T>(z)),
  select<T>(a > number(0), number(1), a + number(1)))

// scale 1.0507..., alpha 1.6732... (Klambauer et al. 2017); 1.7580... is their product
BACKPROP_ACTIVATION(selu, false,
  select<T>(z > number(0), number(1.0507009873554805) * z,
            number(1.7580993408473766) * exponential_minus_1<T>(z)),
  select<T>(a > number(0), number(1.0507009873554805), a + number(1.7580993408473766)))

// z times the normal distribution function; the slope adds z times the density
BACKPROP_ACTIVATION(gelu, true,
  z * normal_distribution<T>(z),
  normal_distribution<T>(z) +
    z * number(0.39894228040143268) * exponential<T>(number(-0.5) * z * z))

// z / (1 + exp(-z))
BACKPROP_ACTIVATION(silu, true,
  z * logistic<T>(z),
  logistic<T>(z) * (number(1) + z * logistic<T>(-z)))

// log(1 + exp(z))
BACKPROP_ACTIVATION(softplus, false,
  soft_plus<T>(z),
  -exponential_minus_1<T>(-a))

BACKPROP_ACTIVATION(identity, false,
  z,
  number(1))

BACKPROP_ACTIVATION(exp, false,
  exponential<T>(z),
  a)

// exp(z_u) / sum_v exp(z_v)
BACKPROP_ACTIVATION_OF_LAYER(softmax, softmax, multiply_softmax_slope)

// z tanh(log(1 + exp(z))) (Misra 2019)
BACKPROP_ACTIVATION(mish, true,
  z * tanh_of_soft_plus<T>(z),
  slope_of_mish<T>(z))

// z_1, exp(z_2)
BACKPROP_ACTIVATION_OF_LAYER(mean_sd, mean_and_sd, multiply_mean_and_sd_slope)

// 1 / (1 + exp(-z_1)), exp(z_2)
BACKPROP_ACTIVATION_OF_LAYER(mean_precision, mean_and_precision,
                             multiply_mean_and_precision_slope)

// a_1 = z_1, a_u = a_(u - 1) + log(1 + exp(z_u))
BACKPROP_ACTIVATION_OF_LAYER(increasing, increasing, multiply_increasing_slope)

// 1 / (1 + exp(-c_u)), c_1 = z_1, c_u = c_(u - 1) - log(1 + exp(z_u))
BACKPROP_ACTIVATION_OF_LAYER(ordered, ordered, multiply_ordered_slope)

// a function of the caller, which Pass computes instead (core/custom.h)
BACKPROP_ACTIVATION(custom, true,
  z,
  number(1))
// clang-format on

#undef BACKPROP_ACTIVATION
#undef BACKPROP_ACTIVATION_OF_LAYER
