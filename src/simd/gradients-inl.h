// The gradients of a layer's weights and biases: products of its inputs and deltas, summed over
// rows in panels (see products-inl.h).

template <class T, int UNITS>
void wide_gradient_units(std::size_t v_begin, std::size_t v_end, std::size_t rows,
                         std::size_t inputs, std::size_t depth, const T* input, Strides<T> delta,
                         T* gradient, bool add) {
  for_each_tile_of_rows(v_begin, v_end, [&](auto vectors, std::size_t v) BACKPROP_INLINE_LAMBDA {
    product_tile<T, vectors, UNITS>(
        v, depth, 0, rows, input, delta,
        [](auto, auto) BACKPROP_INLINE_LAMBDA { return broadcast(T(0)); },
        [&](auto u, auto r, Vector<T> sum) BACKPROP_INLINE_LAMBDA {
          const std::size_t k = (v + r) * vector_size<T>;
          T* g = gradient + u * inputs + k;
          if (k + vector_size<T> <= inputs) {
            store_anywhere(g, add ? load_anywhere(g) + sum : sum);
          } else {
            alignas(64) T sums[vector_size<T>];
            store(sums, sum);
            for (std::size_t i = 0; i < inputs - k; ++i) g[i] = add ? g[i] + sums[i] : sums[i];
          }
        });
  });
}

// gradient[unit, input] (+)= sum over at most `gradient_rows` rows of delta[row, unit] * input[row,
// input], for large layers. `input` has been transposed by transpose() and `delta` packed by
// pack(), both for `depth` rows, so that the lanes of a vector are inputs and no horizontal sums
// are needed.
template <class T>
void wide_gradient(std::size_t rows, std::size_t units, std::size_t inputs, std::size_t depth,
                   const T* delta, const T* input, T* gradient, bool add) noexcept {
  Weights<T> packed{};
  packed.numbers = delta;
  packed.packed = true;
  const std::size_t vectors = (inputs + vector_size<T> - 1) / vector_size<T>;
  for_each_block(
      vectors, block_vectors, [&](std::size_t v_begin, std::size_t v_end) BACKPROP_INLINE_LAMBDA {
        for_each_tile_of_units(units, [&](auto width, std::size_t u) BACKPROP_INLINE_LAMBDA {
          wide_gradient_units<T, width>(v_begin, v_end, rows, inputs, depth, input,
                                        tile_of(packed, depth, u, width), gradient + u * inputs,
                                        add);
        });
      });
}

// gradient[unit u + i, input k + j] (+)= sum over rows of delta[row, u + i] * input[row, k + j]
template <class T, int UNITS, int INPUTS>
BACKPROP_INLINE void gradient_tile(std::size_t panels, std::size_t units, std::size_t inputs,
                                   const T* delta, const T* input, T* gradient,
                                   std::size_t gradient_stride, bool add) {
  constexpr int per_line = line_vectors<T>;
  Vector<T> sum[UNITS][INPUTS];
  unroll<UNITS>([&](auto i) BACKPROP_INLINE_LAMBDA {
    unroll<INPUTS>([&](auto j) BACKPROP_INLINE_LAMBDA { sum[i][j] = broadcast(T(0)); });
  });
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const T* d = delta + panel * units * line<T>;
    const T* x = input + panel * inputs * line<T>;
    unroll<per_line>([&](auto part) BACKPROP_INLINE_LAMBDA {
      Vector<T> xs[INPUTS];
      unroll<INPUTS>([&](auto j) BACKPROP_INLINE_LAMBDA {
        xs[j] = load(x + j * line<T> + part * vector_size<T>);
      });
      unroll<UNITS>([&](auto i) BACKPROP_INLINE_LAMBDA {
        const Vector<T> ds = load(d + i * line<T> + part * vector_size<T>);
        unroll<INPUTS>([&](auto j)
                           BACKPROP_INLINE_LAMBDA { sum[i][j] = fma(ds, xs[j], sum[i][j]); });
      });
    });
  }
  unroll<UNITS>([&](auto i) BACKPROP_INLINE_LAMBDA {
    alignas(64) T totals[vector_size<T>];
    store(totals, sum_vectors<T>(sum[i]));
    T* g = gradient + i * gradient_stride;
    unroll<INPUTS>([&](auto j)
                       BACKPROP_INLINE_LAMBDA { g[j] = add ? g[j] + totals[j] : totals[j]; });
  });
}

template <class T>
void weight_gradient(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta,
                     const T* input, T* gradient, bool add) noexcept {
  std::size_t k = 0;
  auto run_inputs = [&](auto width) BACKPROP_INLINE_LAMBDA {
    for (; k + width <= inputs; k += width) {
      std::size_t u = 0;
      auto run_units = [&](auto height) BACKPROP_INLINE_LAMBDA {
        for (; u + height <= units; u += height)
          gradient_tile<T, height, width>(panels, units, inputs, delta + u * line<T>,
                                          input + k * line<T>, gradient + u * inputs + k, inputs,
                                          add);
      };
      run_units(Index<gradient_units>{});
      run_units(Index<1>{});
    }
  };
  run_inputs(
      Index<(most_gradient_inputs < vector_size<T> ? most_gradient_inputs : vector_size<T>)>{});
  if constexpr (vector_size < T >> 4 && most_gradient_inputs > 4) run_inputs(Index<4>{});
  run_inputs(Index<2>{});
  run_inputs(Index<1>{});
}

// gradient[unit] (+)= sum over rows of delta[row, unit]
template <class T>
void bias_gradient(std::size_t panels, std::size_t units, const T* delta, T* gradient,
                   bool add) noexcept {
  for (std::size_t u = 0; u < units; ++u) {
    Vector<T> sum[1] = {broadcast(T(0))};
    for (std::size_t panel = 0; panel < panels; ++panel)
      for (std::size_t part = 0; part < line<T>; part += vector_size<T>)
        sum[0] += load(delta + (panel * units + u) * line<T> + part);
    alignas(64) T total[vector_size<T>];
    store(total, sum_vectors<T>(sum));
    gradient[u] = add ? gradient[u] + total[0] : total[0];
  }
}
