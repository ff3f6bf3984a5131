// exp, log, tanh and related functions of vectors, with errors of at most 2 ulp (double) and 3 ulp
// (single precision). NaN, infinities and denormals are treated as in C. Tested in
// tests/testthat/test-functions.R.

template <class T>
BACKPROP_INLINE Vector<T> select(Bits<T> condition, Vector<T> yes, Vector<T> no) {
  return condition ? yes : no;
}
template <class T> BACKPROP_INLINE Vector<T> constant(double x) {
  return broadcast(static_cast<T>(x));
}
template <class T> BACKPROP_INLINE Vector<T> absolute(Vector<T> x) {
  const Bits<T> sign = reinterpret_cast<Bits<T>>(constant<T>(-0.0));
  return reinterpret_cast<Vector<T>>(reinterpret_cast<Bits<T>>(x) & ~sign);
}
template <class T> BACKPROP_INLINE Vector<T> with_sign_of(Vector<T> size, Vector<T> sign_of) {
  const Bits<T> sign = reinterpret_cast<Bits<T>>(constant<T>(-0.0));
  return reinterpret_cast<Vector<T>>((reinterpret_cast<Bits<T>>(size) & ~sign) |
                                     (reinterpret_cast<Bits<T>>(sign_of) & sign));
}
// These propagate NaN in x.
template <class T> BACKPROP_INLINE Vector<T> at_least(Vector<T> x, Vector<T> low) {
  return select<T>(x < low, low, x);
}
template <class T> BACKPROP_INLINE Vector<T> at_most(Vector<T> x, Vector<T> high) {
  return select<T>(x > high, high, x);
}

template <class T> struct Format;
template <> struct Format<double> {
  static constexpr double round =
      6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer, stored in the low bits
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double ln2_high = 0.69314718036912382, ln2_low = 1.9082149292705877e-10;
  static constexpr double exp_least = -746, exp_most = 710;
  static constexpr double tiny = 2.2250738585072014e-308,
                          scale = 18014398509481984.0;  // scale = 2^54
  static constexpr int scale_power = 54;
  static constexpr std::int64_t exponent_of_root_half = 0x3fe6a09e00000000,
                                one = 0x3ff0000000000000;
};
template <> struct Format<float> {
  static constexpr float round = 12582912.0f;  // 1.5 * 2^23
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float exp_least = -104, exp_most = 89;
  static constexpr float tiny = 1.17549435e-38f, scale = 33554432.0f;  // scale = 2^25
  static constexpr int scale_power = 25;
  static constexpr std::int32_t exponent_of_root_half = 0x3f3504f3, one = 0x3f800000;
};

// A polynomial by Horner's scheme, coefficients from the highest power down.
template <class T> BACKPROP_INLINE Vector<T> polynomial(Vector<T>, Vector<T> sum) { return sum; }
template <class T, class... More>
BACKPROP_INLINE Vector<T> polynomial(Vector<T> x, Vector<T> sum, double next, More... more) {
  return polynomial<T>(x, fma(sum, x, constant<T>(next)), more...);
}

// e^r - 1 on |r| <= ln(2) / 2 as r + r^2 p(r), where p interpolates (e^r - 1 - r) / r^2 at the 10
// (double) or 6 (single) Chebyshev nodes of |r| <= 1.0001 ln(2) / 2, solved with 50 digits. The
// relative error of e^r is below 2^-55 or 2^-27. In double the terms are paired (Estrin's scheme):
// a long dependency chain would slow down small networks.
BACKPROP_INLINE Vector<double> exp_fraction(Vector<double> r) {
  const Vector<double> r2 = r * r, r4 = r2 * r2;
  const Vector<double> a =
      fma(r, constant<double>(0.16666666666666669), constant<double>(0.50000000000000011));
  const Vector<double> b =
      fma(r, constant<double>(0.0083333333333300615), constant<double>(0.041666666666624129));
  const Vector<double> c =
      fma(r, constant<double>(0.00019841269863053618), constant<double>(0.0013888888917213717));
  const Vector<double> d =
      fma(r, constant<double>(2.7557268459997064e-06), constant<double>(2.4801521295954376e-05));
  const Vector<double> e =
      fma(r, constant<double>(2.510038549551032e-08), constant<double>(2.7620088445409746e-07));
  return fma(r2 * r4, fma(r4, e, fma(r2, d, c)), fma(r2, fma(r2, b, a), r));
}
BACKPROP_INLINE Vector<float> exp_fraction(Vector<float> r) {
  return fma(r * r,
             polynomial<float>(r, constant<float>(0.000198909908), 0.001393365, 0.00833331093,
                               0.0416664649, 0.166666667, 0.500000001),
             r);
}

// e^x = 2^n e^r: returns e^r - 1 and 2^n as two factors, so that multiplying by both also yields
// denormal and overflowing results.
template <class T> struct Exponential { Vector<T> fraction_minus_1, power, power2; };
template <class T> BACKPROP_INLINE Exponential<T> split_exponential(Vector<T> x) {
  using F = Format<T>;
  x = at_least<T>(x, constant<T>(F::exp_least));
  const Vector<T> round = constant<T>(F::round), biased = constant<T>(F::round + F::bias);
  const Vector<T> n = fma(x, constant<T>(1.4426950408889634), round) - round;
  const Vector<T> r = fma(n, constant<T>(-F::ln2_low), fma(n, constant<T>(-F::ln2_high), x));
  const Vector<T> half = n * constant<T>(0.5) + biased;
  const Vector<T> rest = n - (half - biased) + biased;
  return {exp_fraction(r),
          reinterpret_cast<Vector<T>>(reinterpret_cast<Bits<T>>(half) << F::mantissa),
          reinterpret_cast<Vector<T>>(reinterpret_cast<Bits<T>>(rest) << F::mantissa)};
}
// e^x for x <= 0, which can't overflow
template <class T> BACKPROP_INLINE Vector<T> exponential_below_0(Vector<T> x) {
  const Exponential<T> e = split_exponential<T>(x);
  return fma(e.fraction_minus_1, e.power, e.power) * e.power2;
}
template <class T> BACKPROP_INLINE Vector<T> exponential(Vector<T> x) {
  return exponential_below_0<T>(at_most<T>(x, constant<T>(Format<T>::exp_most)));
}
// e^x - 1
template <class T> BACKPROP_INLINE Vector<T> exponential_minus_1(Vector<T> x) {
  const Exponential<T> e = split_exponential<T>(at_most<T>(x, constant<T>(Format<T>::exp_most)));
  const Vector<T> power = e.power * e.power2;
  const Vector<T> value = fma(e.fraction_minus_1, power, power - constant<T>(1));
  return select<T>(x == constant<T>(0), x, value);
}

BACKPROP_INLINE Vector<double> log_tail(Vector<double> s2) {
  return s2 * polynomial<double>(s2, constant<double>(1.479819860511658591e-01),
                                 1.531383769920937332e-01, 1.818357216161805012e-01,
                                 2.222219843214978396e-01, 2.857142874366239149e-01,
                                 3.999999999940941908e-01, 6.666666666666735130e-01);
}
BACKPROP_INLINE Vector<float> log_tail(Vector<float> s2) {
  return s2 * polynomial<float>(s2, constant<float>(0.24279078841), 0.28498786688, 0.40000972152,
                                0.66666662693);
}
BACKPROP_INLINE Vector<double> to_floating(Bits<double> n) {
  const Vector<double> round = constant<double>(Format<double>::round);
  return reinterpret_cast<Vector<double>>(n + reinterpret_cast<Bits<double>>(round)) - round;
}
BACKPROP_INLINE Vector<float> to_floating(Bits<float> n) {
  const Vector<float> round = constant<float>(Format<float>::round);
  return reinterpret_cast<Vector<float>>(n + reinterpret_cast<Bits<float>>(round)) - round;
}
// log(x (1 + correction / x)) for positive normal x = 2^k (1 + f) with 1 + f in [sqrt(1/2),
// sqrt(2)). The method is that of fdlibm's e_log.c.
template <class T>
BACKPROP_INLINE Vector<T> logarithm_of_normal(Vector<T> x, Vector<T> correction, Vector<T> k_less) {
  using F = Format<T>;
  const Bits<T> bits = reinterpret_cast<Bits<T>>(x);
  const Bits<T> shifted = bits - F::exponent_of_root_half;
  const Bits<T> k_bits = shifted >> F::mantissa;
  const Vector<T> k = to_floating(k_bits) - k_less;
  const Vector<T> f = reinterpret_cast<Vector<T>>(bits - (k_bits << F::mantissa)) - constant<T>(1);
  const Vector<T> s = f / (constant<T>(2) + f);
  const Vector<T> half_square = constant<T>(0.5) * f * f;
  const Vector<T> low =
      fma(s, half_square + log_tail(s * s), fma(k, constant<T>(F::ln2_low), correction / x));
  return fma(k, constant<T>(F::ln2_high), f - (half_square - low));
}
template <class T> BACKPROP_INLINE Vector<T> logarithm(Vector<T> x) {
  using F = Format<T>;
  const Vector<T> zero = constant<T>(0), infinity = constant<T>(__builtin_inf());
  const Bits<T> denormal = x < constant<T>(F::tiny);
  Vector<T> y = logarithm_of_normal<T>(select<T>(denormal, x * constant<T>(F::scale), x), zero,
                                       select<T>(denormal, constant<T>(F::scale_power), zero));
  y = select<T>(x == zero, -infinity, y);
  y = select<T>(x < zero, constant<T>(__builtin_nan("")), y);
  y = select<T>(x == infinity, infinity, y);
  return select<T>(x != x, x, y);
}
// log(1 + x) for x >= 0, as log(u) + (x - (u - 1)) / u with u = 1 + x rounded
template <class T> BACKPROP_INLINE Vector<T> logarithm_of_1_plus(Vector<T> x) {
  const Vector<T> one = constant<T>(1), u = one + x;
  return select<T>(u == one, x, logarithm_of_normal<T>(u, x - (u - one), constant<T>(0)));
}

// 1 / (1 + e^-x), computed from e^-|x| so that small values keep their relative accuracy
template <class T> BACKPROP_INLINE Vector<T> logistic(Vector<T> x) {
  const Vector<T> one = constant<T>(1), e = exponential_below_0<T>(-absolute<T>(x)), sum = one + e;
  const Vector<T> value = select<T>(x < constant<T>(0), e, one) / sum;
  // first-order correction of the rounding error of the sum; for this, 1 / sum is approximated
  // within 4 % by 1.457 - sum / 2 on [1, 2]
  const Vector<T> lost = ((one - sum) + e) * fma(constant<T>(-0.5), sum, constant<T>(1.457));
  return fma(-value, lost, value);
}
// log(1 + e^x)
template <class T> BACKPROP_INLINE Vector<T> soft_plus(Vector<T> x) {
  const Vector<T> value = at_least<T>(x, constant<T>(0)) +
                          logarithm_of_1_plus<T>(exponential_below_0<T>(-absolute<T>(x)));
  return select<T>(x != x, x, value);
}

// tanh(x) for |x| < 0.625: x + x^3 P(x^2) / Q(x^2), coefficients as in the Cephes library
BACKPROP_INLINE Vector<double> tanh_small(Vector<double> x) {
  const Vector<double> z = x * x;
  const Vector<double> p = polynomial<double>(z, constant<double>(-9.64399179425052238628e-1),
                                              -9.92877231001918586564e1, -1.61468768441708447952e3);
  const Vector<double> q = polynomial<double>(z, z + constant<double>(1.12811678491632931402e2),
                                              2.23548839060100448583e3, 4.84406305325125486048e3);
  return fma(x * z, p / q, x);
}
BACKPROP_INLINE Vector<float> tanh_small(Vector<float> x) {
  const Vector<float> z = x * x;
  const Vector<float> p = polynomial<float>(z, constant<float>(-5.70498872745e-3), 2.06390887954e-2,
                                            -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1);
  return fma(x * z, p, x);
}
template <class T> BACKPROP_INLINE Vector<T> hyperbolic_tangent(Vector<T> x) {
  const Vector<T> one = constant<T>(1), two = constant<T>(2), size = absolute<T>(x);
  const Vector<T> large = with_sign_of<T>(one - two / (exponential<T>(two * size) + one), x);
  return select<T>(x != x, x,
                   select<T>(size < constant<T>(0.625), with_sign_of<T>(tanh_small(x), x), large));
}

// tanh(log(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2), computed from e = e^-|x|, which can't
// overflow
template <class T> BACKPROP_INLINE Vector<T> tanh_of_soft_plus(Vector<T> x) {
  const Vector<T> one = constant<T>(1), two = constant<T>(2);
  const Vector<T> e = exponential_below_0<T>(-absolute<T>(x));
  const Vector<T> below = e * (e + two), above = fma(two, e, one);
  const Vector<T> value =
      select<T>(x < constant<T>(0), below / (below + two), above / fma(two * e, e, above));
  return select<T>(x != x, x, value);
}
// The derivative of x tanh(log(1 + e^x)): t + x (1 - t^2) / (1 + e^-x), where 1 - t^2 is written as
// 4 (n + 1) / (n + 2)^2, which is accurate for t near 1
template <class T> BACKPROP_INLINE Vector<T> slope_of_mish(Vector<T> x) {
  const Vector<T> one = constant<T>(1), two = constant<T>(2);
  const Vector<T> e = exponential_below_0<T>(-absolute<T>(x));
  const Vector<T> below = fma(e, e + two, two), above = fma(two * e, e, fma(two, e, one));
  const Vector<T> share = select<T>(x < constant<T>(0), e * (one + e) / (below * below),
                                    e * e * (one + e) / (above * above));
  return fma(constant<T>(4) * x, share, tanh_of_soft_plus<T>(x));
}

// log(cosh(x)) for 0 <= x < 1
template <class T> BACKPROP_INLINE Vector<T> log_cosh_below_1(Vector<T> x) {
  const Vector<T> less = exponential_minus_1<T>(at_most<T>(x, constant<T>(1)));
  return logarithm_of_1_plus<T>(less * less / fma(constant<T>(2), less, constant<T>(2)));
}

// log(Gamma(x)) and its derivative for x > 0 by Stirling's series (Abramowitz and Stegun 1972,
// 6.1.41 and 6.3.18), below 8 from x + 8 and the recurrence Gamma(x + 1) = x Gamma(x). The absolute
// error is a few units of rounding of the largest term.
template <class T> BACKPROP_INLINE Vector<T> log_gamma(Vector<T> x) {
  const Bits<T> small = x < constant<T>(8);
  const Vector<T> shifted = select<T>(small, x + constant<T>(8), x);
  Vector<T> product = x;
  for (int k = 1; k < 8; ++k) product *= x + constant<T>(k);
  const Vector<T> inverse = constant<T>(1) / shifted, log_shifted = logarithm<T>(shifted);
  const Vector<T> series =
      inverse * polynomial<T>(inverse * inverse, constant<T>(1.0 / 156), -691.0 / 360360,
                              1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12);
  const Vector<T> value = (shifted - constant<T>(0.5)) * log_shifted - shifted +
                          constant<T>(0.91893853320467274178) + series;
  return value - logarithm<T>(select<T>(small, product, constant<T>(1)));
}
template <class T> BACKPROP_INLINE Vector<T> digamma(Vector<T> x) {
  const Bits<T> small = x < constant<T>(8);
  const Vector<T> shifted = select<T>(small, x + constant<T>(8), x);
  Vector<T> less = constant<T>(1) / x;
  for (int k = 1; k < 8; ++k) less += constant<T>(1) / (x + constant<T>(k));
  const Vector<T> inverse = constant<T>(1) / shifted, square = inverse * inverse;
  const Vector<T> series =
      square * polynomial<T>(square, constant<T>(1.0 / 12), -691.0 / 32760, 1.0 / 132, -1.0 / 240,
                             1.0 / 252, -1.0 / 120, 1.0 / 12);
  return logarithm<T>(shifted) - constant<T>(0.5) * inverse - series -
         select<T>(small, less, constant<T>(0));
}

// The standard normal distribution function, using the C library's erfc for each element.
BACKPROP_INLINE double complementary_error(double x) { return __builtin_erfc(x); }
BACKPROP_INLINE float complementary_error(float x) { return __builtin_erfcf(x); }
template <class T> BACKPROP_INLINE Vector<T> normal_distribution(Vector<T> x) {
  alignas(64) T values[vector_size<T>];
  store(values, x * constant<T>(-0.70710678118654752440));
  for (int i = 0; i < vector_size<T>; ++i) values[i] = T(0.5) * complementary_error(values[i]);
  return load(values);
}
