# exp, the sigmoid, tanh and softplus of the kernels, measured against the true values in units in
# the last place (ulp): the distance between a number and the next one of its format. In double
# precision the true values come from pairs of doubles (a sum of two, about 32 digits), in single
# precision from R's own functions in double.

run <- function(name, x, single = FALSE) backprop:::core_activation(name, x, single)

# ---- numbers as pairs: hi + lo, with lo less than half an ulp of hi
# -------------------------------------------------------------

pair <- function(hi, lo = 0 * hi) list(hi = hi, lo = lo)
quick_sum <- function(a, b) {
  s <- a + b
  pair(s, b - (s - a))
}
exact_sum <- function(a, b) {
  s <- a + b
  part <- s - a
  pair(s, (a - (s - part)) + (b - part))
}
exact_product <- function(a, b) {
  high_half <- function(x) {
    t <- 134217729 * x
    t - (t - x)
  }
  p <- a * b
  a1 <- high_half(a)
  b1 <- high_half(b)
  pair(p, ((a1 * b1 - p) + a1 * (b - b1) + (a - a1) * b1) + (a - a1) * (b - b1))
}
plus <- function(a, b) {
  s <- exact_sum(a$hi, b$hi)
  low <- exact_sum(a$lo, b$lo)
  s <- quick_sum(s$hi, s$lo + low$hi)
  quick_sum(s$hi, s$lo + low$lo)
}
minus <- function(a, b) plus(a, pair(-b$hi, -b$lo))
times <- function(a, b) {
  p <- exact_product(a$hi, b$hi)
  quick_sum(p$hi, p$lo + (a$hi * b$lo + a$lo * b$hi))
}
divided_by <- function(a, b) {
  q <- a$hi / b$hi
  rest <- minus(a, times(b, pair(q)))
  q2 <- rest$hi / b$hi
  rest <- minus(rest, times(b, pair(q2)))
  plus(quick_sum(q, q2), pair(rest$hi / b$hi))
}
scaled <- function(a, power) pair(times_power(a$hi, power), times_power(a$lo, power))
times_power <- function(x, power) {
  half <- power %/% 2
  x * 2^half * 2^(power - half)
}
choose <- function(condition, a, b) {
  pair(ifelse(condition, a$hi, b$hi), ifelse(condition, a$lo, b$lo))
}

# ---- the true values, as value * 2^power so that denormal ones keep their digits
# -------------------------------------------------

ln2 <- pair(0.693147180559945286, 2.319046813846299558e-17)

true_exp <- function(x) {
  power <- round(x / ln2$hi)
  r <- minus(pair(x), times(ln2, pair(power)))
  sum <- pair(1 + 0 * x)
  for (k in 26:1) sum <- plus(pair(1 + 0 * x), divided_by(times(r, sum), pair(k + 0 * x)))
  list(value = sum, power = power)
}
true_sigmoid <- function(x) {
  e <- true_exp(-abs(x))
  below <- plus(pair(1 + 0 * x), scaled(e$value, e$power))
  list(
    value = divided_by(choose(x < 0, e$value, pair(1 + 0 * x)), below),
    power = ifelse(x < 0, e$power, 0)
  )
}
true_tanh <- function(x) {
  e <- true_exp(-2 * abs(x))
  e <- scaled(e$value, e$power)
  one <- pair(1 + 0 * x)
  size <- divided_by(minus(one, e), plus(one, e))
  small <- abs(x) < 1e-9
  list(
    value = choose(small, quick_sum(x, -x^3 / 3), pair(size$hi * sign(x), size$lo * sign(x))),
    power = 0 * x
  )
}
true_softplus <- function(x) {
  e <- true_exp(-abs(x))
  plain <- scaled(e$value, e$power)
  # log(1 + e): one step of Newton's method, or where e is tiny the series e (1 - e / 2 + e^2 / 3)
  log1p_e <- log1p(plain$hi)
  back <- true_exp(-log1p_e)
  step <- minus(
    times(plus(pair(1 + 0 * x), plain), scaled(back$value, back$power)), pair(1 + 0 * x)
  )
  newton <- plus(pair(log1p_e), step)
  tiny <- plain$hi < 1e-8
  series <- times(e$value, plus(pair(1 - 0.5 * plain$hi), pair(plain$hi^2 / 3)))
  list(
    value = choose(
      tiny & x < 0, series,
      choose(x > 0, plus(pair(pmax(x, 0)), choose(tiny, plain, newton)), newton)
    ),
    power = ifelse(tiny & x < 0, e$power, 0)
  )
}
truth <- list(exp = true_exp, sigmoid = true_sigmoid, tanh = true_tanh, softplus = true_softplus)
# plogis() is 0 below -709.8 already, as it divides by exp(-x)
in_double <- list(
  exp = exp,
  sigmoid = function(x) ifelse(x < 0, exp(x) / (1 + exp(x)), plogis(x)),
  tanh = tanh,
  softplus = function(x) pmax(x, 0) + log1p(exp(-abs(x)))
)

# The power of 2 at or below |x|; the smallest normal number's for smaller ones.
exponent <- function(x, least) {
  e <- floor(log2(abs(x)))
  e <- e - (2^e > abs(x)) + (2^(e + 1) <= abs(x))
  pmax(ifelse(x == 0, least, e), least)
}
ulps_in_double <- function(got, true) {
  size <- exponent(true$value$hi, -1e6) + true$power
  unit <- pmax(size, -1022) - 52 - true$power
  off <- exact_sum(times_power(got, -true$power), -true$value$hi)
  abs((off$hi - true$value$lo) + off$lo) / 2^unit
}
ulps_in_single <- function(got, true) abs(got - true) / 2^(exponent(true, -126) - 23)

to_single <- function(x) {
  readBin(writeBin(as.double(x), raw(), size = 4), "double", length(x), size = 4)
}

# Many points: spread evenly, about 0 on all scales, and the doubles next to places where the code
# changes course.
points_for <- function(least, most, smallest, edges) {
  next_to <- as.vector(outer(edges, 1 + c(-4, -2, -1, 0, 1, 2, 4) * 2^-52))
  all_scales <- 10^runif(20000, smallest, 1.5) * sample(c(-1, 1), 20000, TRUE)
  x <- c(
    runif(20000, least, most), runif(20000, -3, 3), all_scales, (-40:40) / 8, next_to, -next_to
  )
  x[x >= least & x <= most & x != 0]
}
edges <- c(
  log(2) * c(0.5, 1, 1.5, 2, 10.5), 0.625, 1, 22, 36.7, 18.4, 708.39, 745.13, 87.33, 88.7, 103.97,
  2^-(1:60),
  # where the rounding of exp, of the sum and of the quotient in exp(x) / (1 + exp(x)) all go one
  # way: 2.3 ulp if nothing is done about it
  2.7167175407521427, 3.4611598215997219, 4.1503727412782609, 4.157459499547258
)
ranges <- list(
  exp = c(-745.13, 709.78), sigmoid = c(-745.13, 800), tanh = c(-400, 400),
  softplus = c(-745.13, 1e4)
)

test_that(
  "the true values are those of R's functions, to the little that these are off",
  {
    set.seed(1)
    for (name in names(truth)) {
      x <- points_for(ranges[[name]][1], ranges[[name]][2], -300, edges)
      x <- x[x > -708]
      ulps <- ulps_in_double(in_double[[name]](x), truth[[name]](x))
      expect(
        isTRUE(max(ulps) < 4 && mean(ulps) < 1),
        sprintf("%s: R's own is %.3g ulp off.", name, max(ulps))
      )
    }
    # the measure sees a difference of one ulp as one
    x <- runif(1000, 0.1, 700)
    one_up <- exp(x) + 2^(exponent(exp(x), -1022) - 52)
    expect_equal(
      ulps_in_double(one_up, true_exp(x)),
      1 + (exp(x) / 2^true_exp(x)$power - true_exp(x)$value$hi - true_exp(x)$value$lo) *
        2^(true_exp(x)$power - exponent(exp(x), -1022) + 52),
      tolerance = 1e-9
    )
  }
)

test_that("in double precision the functions are within 2 ulp of the true values", {
  skip_on_cran()
  with_each_instruction_set(function(set) {
    set.seed(2)
    for (name in names(truth)) {
      x <- points_for(ranges[[name]][1], ranges[[name]][2], -307, edges)
      ulps <- ulps_in_double(run(name, x), truth[[name]](x))
      worst <- which.max(ulps)
      expect(
        all(!is.na(ulps)) && ulps[worst] <= 2,
        sprintf("%s, %s: %.3f ulp at x = %.17g.", set, name, ulps[worst], x[worst])
      )
    }
  })
})

test_that(
  paste0(
    "in double precision exp is within 2 ulp of R's own, and the others, where R errs itself, ",
    "within 3"
  ),
  {
    with_each_instruction_set(function(set) {
      set.seed(3)
      for (name in names(truth)) {
        x <- points_for(ranges[[name]][1], ranges[[name]][2], -307, edges)
        plain <- in_double[[name]](x)
        ulps <- abs(run(name, x) - plain) / 2^(exponent(plain, -1022) - 52)
        worst <- which.max(ulps)
        most <- if (name == "exp") 2 else 3
        expect(
          !anyNA(ulps) && ulps[worst] <= most,
          sprintf("%s, %s: %.3f ulp at x = %.17g.", set, name, ulps[worst], x[worst])
        )
      }
    })
  }
)

test_that("in single precision the functions are within 3 ulp of the true values", {
  ranges <- list(
    exp = c(-103.97, 88.72), sigmoid = c(-103.97, 200), tanh = c(-50, 50),
    softplus = c(-103.97, 1e4)
  )
  with_each_instruction_set(function(set) {
    set.seed(4)
    for (name in names(truth)) {
      x <- unique(to_single(points_for(ranges[[name]][1], ranges[[name]][2], -37, edges)))
      got <- run(name, x, single = TRUE)
      expect_identical(got, to_single(got))
      ulps <- ulps_in_single(got, in_double[[name]](x))
      worst <- which.max(ulps)
      expect(
        all(!is.na(ulps)) && ulps[worst] <= 3,
        sprintf("%s, %s: %.3f ulp at x = %.9g.", set, name, ulps[worst], x[worst])
      )
    }
  })
})

# By one step of Newton's method from R's own: log x = l + (x e^-l - 1)
true_log <- function(x) {
  scale <- ifelse(x < 1e-300, 200, 0)
  l <- log(x)
  back <- true_exp(-l)
  product <- times(pair(times_power(x, scale)), back$value)
  step <- minus(scaled(product, back$power - scale), pair(1 + 0 * x))
  list(value = plus(pair(l), step), power = 0 * x)
}

# log has no activation of its own. It is seen in the Poisson loss a - y log(a) of one row, a =
# softplus(z), where y log(a) is so large that a is lost in it: with a power of two for y the value
# is log(a) and one rounding more. In single precision nn_train() gives the loss, and y / a must be
# finite.
poisson_of_one_row <- function(z, y, f) {
  -mapply(
    function(z, y) f(list(wout = matrix(0, 1, 1), bout = matrix(z, 1, 1)), matrix(0, 1, 1), y), z, y
  ) / y
}
log_of_softplus <- function(z) {
  poisson_of_one_row(z, rep(2^1000, length(z)), function(network, X, y) {
    nn_loss(network, X, y, output_activation = "softplus", loss = "poisson")
  })
}
log_of_softplus_in_single <- function(z, a) {
  poisson_of_one_row(z, ifelse(a < 2^-24, 1, 2^100), function(network, X, y) {
    nn_train(
      X, y,
      hidden = 0, output_activation = "softplus", loss = "poisson", start = network,
      epochs = 1, learning_rate = 1e-300, precision = "single", keep_fitted = FALSE
    )$history$loss
  })
}

test_that(
  paste0(
    "log is within 2 ulp of the true value in double precision, and within 3 in single, ",
    "and one rounding"
  ),
  {
    set.seed(6)
    # softplus(0.5413...) is 1
    about_1 <- log(exp(1) - 1) + c(runif(100, -1, 1), 2^-(4:20), -2^-(4:20))
    in_double <- c(runif(100, -745, 0), about_1, exp(runif(100, 0, 600)), -(708:745))
    in_single <- to_single(c(runif(100, -87, 0), about_1, exp(runif(100, 0, 40))))
    with_each_instruction_set(function(set) {
      a <- run("softplus", in_double)
      ulps <- ulps_in_double(log_of_softplus(in_double), true_log(a))[a != 1]
      worst <- which.max(ulps)
      expect(
        !anyNA(ulps) && ulps[worst] <= 2.5,
        sprintf("%s: %.3f ulp at %.17g.", set, ulps[worst], a[a != 1][worst])
      )
      a <- run("softplus", in_single, single = TRUE)
      ulps <- ulps_in_single(log_of_softplus_in_single(in_single, a), log(a))[a != 1]
      worst <- which.max(ulps)
      expect(
        !anyNA(ulps) && ulps[worst] <= 3.5,
        sprintf("%s, single: %.3f ulp at %.9g.", set, ulps[worst], a[a != 1][worst])
      )
    })
  }
)

test_that("special points are as in C", {
  same <- function(got, expected) {
    # identical() tells NaN from NA, and with 1 / x also 0 from -0
    expect_identical(is.nan(got), is.nan(expected))
    expect_identical(got[!is.nan(got)], expected[!is.nan(expected)])
    expect_identical(1 / got[!is.nan(got)], 1 / expected[!is.nan(expected)])
  }
  with_each_instruction_set(function(set) {
    for (single in c(FALSE, TRUE)) {
      beyond <- if (single) c(89, -104) else c(709.79, -745.14)
      same(run("exp", c(NaN, Inf, -Inf, 0, -0, 1e4, -1e4, beyond), single), c(
        NaN, Inf, 0, 1, 1, Inf, 0, Inf, 0
      ))
      same(
        run("sigmoid", c(NaN, Inf, -Inf, 0, -0, 1e4, -1e4), single), c(NaN, 1, 0, 0.5, 0.5, 1, 0)
      )
      same(run("tanh", c(NaN, Inf, -Inf, 0, -0, 1e4, -1e4), single), c(NaN, 1, -1, 0, -0, 1, -1))
      same(run("softplus", c(NaN, Inf, -Inf, 1e30, -1e30), single), c(
        NaN, Inf, 0, if (single) to_single(1e30) else 1e30, 0
      ))
    }
    same(run("tanh", c(5e-324, -5e-324, 1e-310, 2.2250738585072014e-308)), c(
      5e-324, -5e-324, 1e-310, 2.2250738585072014e-308
    ))
    same(
      run("tanh", to_single(c(1.4e-45, -1.4e-45, 1e-40)), TRUE),
      to_single(c(1.4e-45, -1.4e-45, 1e-40))
    )
    same(run("exp", c(5e-324, -5e-324)), c(1, 1))
    expect_true(all(is.na(c(
      run("exp", NA_real_), run("sigmoid", NA_real_), run("tanh", NA_real_),
      run("softplus", NA_real_)
    ))))
  })
})

test_that("results that are denormal numbers are not lost", {
  with_each_instruction_set(function(set) {
    x <- seq(-745.13, -708.4, length.out = 5001)
    for (name in c("exp", "sigmoid", "softplus")) {
      got <- run(name, x)
      expect_true(all(got > 0 & got < 2.3e-308), label = paste(set, name))
      expect_lte(max(abs(got - exp(x))) / 2^-1074, 2)
    }
    x <- to_single(seq(-103.27, -87.4, length.out = 5001))
    for (name in c("exp", "sigmoid", "softplus")) {
      got <- run(name, x, single = TRUE)
      expect_true(all(got > 0 & got < 1.2e-38), label = paste(set, name))
      expect_lte(max(abs(got - exp(x))) / 2^-149, 3)
    }
  })
})

test_that("each activation in the table is its formula, and its slope too", {
  phi <- function(z) exp(-z^2 / 2) / sqrt(2 * pi)
  lambda <- 1.0507009873554805
  alpha <- 1.6732632423543773
  s <- function(z) 1 / (1 + exp(-z))
  formulas <- list(
    sigmoid = list(s, function(z) s(z) * s(-z)), tanh = list(tanh, function(z) 1 / cosh(z)^2),
    relu = list(function(z) pmax(z, 0), function(z) 1 * (z > 0)),
    leaky_relu = list(function(z) pmax(z, 0.01 * z), function(z) ifelse(z > 0, 1, 0.01)),
    elu = list(function(z) ifelse(z > 0, z, expm1(z)), function(z) ifelse(z > 0, 1, exp(z))),
    selu = list(function(z) lambda * ifelse(z > 0, z, alpha * expm1(z)), function(z) {
      lambda * ifelse(z > 0, 1, alpha * exp(z))
    }),
    gelu = list(function(z) z * pnorm(z), function(z) pnorm(z) + z * phi(z)),
    silu = list(function(z) z * s(z), function(z) s(z) + z * s(z) * s(-z)),
    softplus = list(function(z) log1p(exp(z)), s),
    identity = list(function(z) z, function(z) 1 + 0 * z), exp = list(exp, exp),
    mish = list(function(z) z * tanh(log1p(exp(z))), function(z) {
      tanh(log1p(exp(z))) + z * s(z) / cosh(log1p(exp(z)))^2
    })
  )
  table <- nn_activations()$name
  expect_setequal(names(formulas), setdiff(table, "softmax"))
  with_each_instruction_set(function(set) {
    set.seed(5)
    z <- c(runif(2000, -6, 6), 0, 1e-8, -1e-8)
    for (name in names(formulas)) {
      value <- backprop:::core_activation(name, z, FALSE)
      slope <- backprop:::core_slope(name, z, value)
      expect_lte(
        max(abs(value - formulas[[name]][[1]](z)) / pmax(1e-3, abs(value))), 1e-14,
        label = paste(set, name)
      )
      expect_lte(
        max(abs(slope - formulas[[name]][[2]](z)) / pmax(1, abs(slope))), 1e-14,
        label = paste(set, name, "slope")
      )
    }
  })
})

test_that("mish is within 4 ulp where it is not near 0, and has the limits of its terms", {
  with_each_instruction_set(function(set) {
    # which single precision holds as they are
    z <- c(seq(-700, -1 / 8, by = 1 / 8), seq(1 / 8, 700, by = 1 / 8))
    # z n / (n + 2) with n = e^z (e^z + 2), where e^z overflows z itself
    n <- exp(z) * (exp(z) + 2)
    expected <- ifelse(is.finite(n), z * (n / (n + 2)), z)
    value <- core_activation("mish", z, FALSE)
    normal <- abs(expected) > 1e-300
    expect_lte(
      max(abs(value - expected)[normal] / abs(expected[normal])), 4 * .Machine$double.eps,
      label = set
    )
    expect_identical(core_activation("mish", c(0, NaN, 1e308, Inf), FALSE), c(0, NaN, 1e308, Inf))
    expect_identical(core_slope("mish", c(0, 800), c(0, 800)), c(0.6, 1))
    single <- core_activation("mish", z[abs(z) < 80], TRUE)
    wanted <- expected[abs(z) < 80]
    expect_lte(max(abs(single - wanted) / abs(wanted)), 4 * 2^-23, label = paste(set, "single"))
  })
})
