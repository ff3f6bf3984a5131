// The three products of a layer. Rows of data stand in panels: a panel holds a line (8 doubles, 16 floats) of rows
// for every unit, so that element (row, unit) is at [row / rows_in_line][unit][row % rows_in_line].
// Every output element is one running sum in a fixed order, whatever the tile it falls into: a row's value
// does not depend on the rows beside it.

#if BACKPROP_VECTOR_BYTES == 64
constexpr int tile_rows = 3, tile_units = 8;  // 24 accumulators of 32 registers
constexpr int gradient_units = 3, most_gradient_inputs = 8;
#elif BACKPROP_VECTOR_BYTES == 32
constexpr int tile_rows = 2, tile_units = 6;
constexpr int gradient_units = 3, most_gradient_inputs = 4;
#else
constexpr int tile_rows = 2, tile_units = 6;
constexpr int gradient_units = 3, most_gradient_inputs = 4;
#endif

// Where vector `v` of a run of rows begins, in panels of `units` units.
template <class T> BACKPROP_INLINE std::size_t vector_offset(std::size_t v, std::size_t units) {
  constexpr std::size_t per_line = line_vectors<T>;
  return v / per_line * units * line<T> + v % per_line * vector_size<T>;
}

// result[row, unit + j] = start_j + sum_k left[row, k] * weight[j * weight_unit + k * weight_step], for ROWS vectors of rows and UNITS units.
template <class T, int ROWS, int UNITS>
BACKPROP_INLINE void product_tile(std::size_t v, std::size_t depth, const T* left, const T* weight, std::size_t weight_unit,
                                  std::size_t weight_step, const T* start, T* result, std::size_t result_units) {
  const T* rows[ROWS];
  unroll<ROWS>([&](auto r) __attribute__((always_inline)) { rows[r] = left + vector_offset<T>(v + r, depth); });
  Vector<T> sum[UNITS][ROWS];
  unroll<UNITS>([&](auto u) __attribute__((always_inline)) {
    unroll<ROWS>([&](auto r) __attribute__((always_inline)) { sum[u][r] = broadcast(start ? start[u] : T(0)); });
  });
  for (std::size_t k = 0; k < depth; ++k) {
    Vector<T> a[ROWS];
    unroll<ROWS>([&](auto r) __attribute__((always_inline)) { a[r] = load(rows[r] + k * line<T>); });
    unroll<UNITS>([&](auto u) __attribute__((always_inline)) {
      const Vector<T> w = broadcast(weight[u * weight_unit + k * weight_step]);
      unroll<ROWS>([&](auto r) __attribute__((always_inline)) { sum[u][r] = fma(a[r], w, sum[u][r]); });
    });
  }
  unroll<ROWS>([&](auto r) __attribute__((always_inline)) {
    T* out = result + vector_offset<T>(v + r, result_units);
    unroll<UNITS>([&](auto u) __attribute__((always_inline)) { store(out + u * line<T>, sum[u][r]); });
  });
}

template <class T, int UNITS>
void product_units(std::size_t vectors, std::size_t depth, const T* left, const T* weight, std::size_t weight_unit,
                   std::size_t weight_step, const T* start, T* result, std::size_t result_units) {
  constexpr std::size_t most = 1024;
  T packed[most * UNITS];
  if (weight_step != 1 && vectors > 2 * tile_rows && depth <= most) {
    for (std::size_t k = 0; k < depth; ++k)
      for (int u = 0; u < UNITS; ++u) packed[k * UNITS + u] = weight[u * weight_unit + k * weight_step];
    weight = packed;
    weight_unit = 1;
    weight_step = UNITS;
  }
  std::size_t v = 0;
  for (; v + tile_rows <= vectors; v += tile_rows)
    product_tile<T, tile_rows, UNITS>(v, depth, left, weight, weight_unit, weight_step, start, result, result_units);
  for (; v < vectors; ++v)
    product_tile<T, 1, UNITS>(v, depth, left, weight, weight_unit, weight_step, start, result, result_units);
}

// result (rows x units) = start (1 x units, or 0) + left (rows x depth) %*% weight
template <class T>
void product(std::size_t panels, std::size_t depth, std::size_t units, const T* left, const T* weight, std::size_t weight_unit,
             std::size_t weight_step, const T* start, T* result) noexcept {
  const std::size_t vectors = panels * line_vectors<T>;
  std::size_t u = 0;
  auto run = [&](auto width) __attribute__((always_inline)) {
    for (; u + width <= units; u += width)
      product_units<T, width>(vectors, depth, left, weight + u * weight_unit, weight_unit, weight_step,
                              start ? start + u : nullptr, result + u * line<T>, units);
  };
  run(Index<tile_units>{});
  run(Index<3>{});
  run(Index<1>{});
}

// gradient[unit u + i, input k + j] (+)= sum over rows of delta[row, u + i] * input[row, k + j]
template <class T, int UNITS, int INPUTS>
BACKPROP_INLINE void gradient_tile(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta, const T* input,
                                   T* gradient, std::size_t gradient_stride, bool add) {
  constexpr int per_line = line_vectors<T>;
  Vector<T> sum[UNITS][INPUTS];
  unroll<UNITS>([&](auto i) __attribute__((always_inline)) {
    unroll<INPUTS>([&](auto j) __attribute__((always_inline)) { sum[i][j] = broadcast(T(0)); });
  });
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const T* d = delta + panel * units * line<T>;
    const T* x = input + panel * inputs * line<T>;
    unroll<per_line>([&](auto part) __attribute__((always_inline)) {
      Vector<T> xs[INPUTS];
      unroll<INPUTS>([&](auto j) __attribute__((always_inline)) { xs[j] = load(x + j * line<T> + part * vector_size<T>); });
      unroll<UNITS>([&](auto i) __attribute__((always_inline)) {
        const Vector<T> ds = load(d + i * line<T> + part * vector_size<T>);
        unroll<INPUTS>([&](auto j) __attribute__((always_inline)) { sum[i][j] = fma(ds, xs[j], sum[i][j]); });
      });
    });
  }
  unroll<UNITS>([&](auto i) __attribute__((always_inline)) {
    alignas(64) T totals[vector_size<T>];
    store(totals, sum_vectors<T>(sum[i]));
    T* g = gradient + i * gradient_stride;
    unroll<INPUTS>([&](auto j) __attribute__((always_inline)) { g[j] = add ? g[j] + totals[j] : totals[j]; });
  });
}

template <class T>
void weight_gradient(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta, const T* input, T* gradient, bool add) noexcept {
  std::size_t k = 0;
  auto run_inputs = [&](auto width) __attribute__((always_inline)) {
    for (; k + width <= inputs; k += width) {
      std::size_t u = 0;
      auto run_units = [&](auto height) __attribute__((always_inline)) {
        for (; u + height <= units; u += height)
          gradient_tile<T, height, width>(panels, units, inputs, delta + u * line<T>, input + k * line<T>, gradient + u * inputs + k, inputs, add);
      };
      run_units(Index<gradient_units>{});
      run_units(Index<1>{});
    }
  };
  run_inputs(Index<(most_gradient_inputs < vector_size<T> ? most_gradient_inputs : vector_size<T>)>{});
  if constexpr (vector_size<T> > 4 && most_gradient_inputs > 4) run_inputs(Index<4>{});
  run_inputs(Index<2>{});
  run_inputs(Index<1>{});
}

// gradient[unit] (+)= sum over rows of delta[row, unit]
template <class T>
void bias_gradient(std::size_t panels, std::size_t units, const T* delta, T* gradient, bool add) noexcept {
  for (std::size_t u = 0; u < units; ++u) {
    Vector<T> sum[1] = {broadcast(T(0))};
    for (std::size_t panel = 0; panel < panels; ++panel)
      for (std::size_t part = 0; part < line<T>; part += vector_size<T>) sum[0] += load(delta + (panel * units + u) * line<T> + part);
    alignas(64) T total[vector_size<T>];
    store(total, sum_vectors<T>(sum));
    gradient[u] = add ? gradient[u] + total[0] : total[0];
  }
}
