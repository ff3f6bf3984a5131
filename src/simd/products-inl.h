// The products of a layer. Rows of data are stored in panels with one line (8 doubles or 16 floats)
// per unit, so that element (row, unit) is at [row / line][unit][row % line]. Each output element
// is a single running sum in a fixed order that does not depend on tiles and blocks. Therefore a
// row's values do not depend on the other rows.

#if BACKPROP_VECTOR_BYTES == 64
constexpr int tile_rows = 3, tile_units = 8;  // 24 accumulators of 32 registers
constexpr int gradient_units = 3, most_gradient_inputs = 8;
#elif defined(__aarch64__)
// 16 accumulators, as many as 4 pipelines with a latency of 4 need; gcc spills some of 24
constexpr int tile_rows = 4, tile_units = 4;
constexpr int gradient_units = 3, most_gradient_inputs = 4;
#else
constexpr int tile_rows = 2, tile_units = 6;
constexpr int gradient_units = 3, most_gradient_inputs = 4;
#endif

// Block sizes: a block of `left` stays in the second-level cache while all units are processed, and
// `block_depth` steps of a tile's weights stay in the first-level cache.
template <class T> constexpr std::size_t block_depth = 2048 / sizeof(T);
constexpr std::size_t block_vectors = tile_rows * 8 * 32 / BACKPROP_VECTOR_BYTES;

// The index of vector `v` of consecutive rows, in panels of `units` units.
template <class T> BACKPROP_INLINE std::size_t vector_offset(std::size_t v, std::size_t units) {
  constexpr std::size_t per_line = line_vectors<T>;
  return v / per_line * units * line<T> + v % per_line * vector_size<T>;
}

// Calls f(width, u) for groups of `width` units starting at u, with the widths of the tiles.
template <class F> BACKPROP_INLINE void for_each_tile_of_units(std::size_t units, F&& f) {
  std::size_t u = 0;
  auto run = [&](auto width) BACKPROP_INLINE_LAMBDA {
    for (; u + width <= units; u += width) f(width, u);
  };
  run(Index<tile_units>{});
  run(Index<3>{});
  run(Index<1>{});
}

// The weights of one tile: the weight of its unit u and step k is numbers[u * unit_stride + k *
// step_stride]. Packed weights are stored by tile and then by step; the tile whose first unit is u
// begins at u * depth.
template <class T> struct Strides {
  const T* numbers;
  std::size_t unit_stride, step_stride;
};
template <class T>
BACKPROP_INLINE Strides<T> tile_of(const Weights<T>& w, std::size_t depth, std::size_t u,
                                   std::size_t width) {
  if (w.packed) return {w.numbers + u * depth, 1, width};
  return {w.numbers + u * w.unit_stride, w.unit_stride, w.step_stride};
}

// packed(u, first + k) = numbers[u * unit_stride + k * step_stride] for k < steps, where the packed
// weights have `depth` steps in all.
template <class T>
void pack(std::size_t units, std::size_t steps, const T* numbers, std::size_t unit_stride,
          std::size_t step_stride, std::size_t depth, std::size_t first, T* packed) noexcept {
  for_each_tile_of_units(units, [&](auto width, std::size_t u) BACKPROP_INLINE_LAMBDA {
    constexpr int count = width;
    constexpr bool in_vectors = count > 1 && (count & (count - 1)) == 0;
    T* to = packed + u * depth + first * count;
    const T* from = numbers + u * unit_stride;
    std::size_t k = 0;
    if (unit_stride == 1) {
      for (; k < steps; ++k, to += count, from += step_stride)
        __builtin_memcpy(to, from, count * sizeof(T));
    } else if (in_vectors && step_stride == 1) {
      for (; k + vector_size<T> <= steps; k += vector_size<T>) {
        Vector<T> tile[count];
        unroll<count>([&](auto i) BACKPROP_INLINE_LAMBDA {
          tile[i] = load_anywhere(from + i * unit_stride);
        });
        if constexpr (in_vectors) transpose_vectors<T, count>(tile);
        unroll<count>([&](auto i) BACKPROP_INLINE_LAMBDA {
          store_anywhere(to + i * vector_size<T>, tile[i]);
        });
        to += count * vector_size<T>;
        from += vector_size<T>;
      }
    }
    for (; k < steps; ++k, to += count, from += step_stride)
      unroll<count>([&](auto i) BACKPROP_INLINE_LAMBDA { to[i] = from[i * unit_stride]; });
  });
}

// Transposes panels of rows (with `units` units) to panels of units (with `depth` rows):
// to[unit / line][first + row][unit % line].
template <class T>
void transpose(std::size_t panels, std::size_t units, const T* from, std::size_t depth,
               std::size_t first, T* to) noexcept {
  for (std::size_t panel = 0; panel < panels; ++panel)
    for (std::size_t u = 0; u < units; u += line<T>) {
      const std::size_t here = units - u < line<T> ? units - u : line<T>;
      const T* x = from + (panel * units + u) * line<T>;
      T* out = to + u * depth + (first + panel * line<T>)*line<T>;
      for (std::size_t i = 0; i < line<T>; i += vector_size<T>)
        for (std::size_t r = 0; r < line<T>; r += vector_size<T>) {
          Vector<T> square[vector_size<T>];
          unroll<vector_size<T>>([&](auto j) BACKPROP_INLINE_LAMBDA {
            square[j] = i + j < here ? load(x + (i + j) * line<T> + r) : broadcast(T(0));
          });
          transpose_vectors<T, vector_size<T>>(square);
          unroll<vector_size<T>>([&](auto j) BACKPROP_INLINE_LAMBDA {
            store(out + (r + j) * line<T> + i, square[j]);
          });
        }
    }
}

// sum_k left[row, k] * weight(u, k) over begin <= k < end, for ROWS vectors of rows and UNITS
// units. first(u, r) is the initial value of a sum, and take(u, r, sum) receives the result.
template <class T, int ROWS, int UNITS, class First, class Take>
BACKPROP_INLINE void product_tile(std::size_t v, std::size_t depth, std::size_t begin,
                                  std::size_t end, const T* left, const Strides<T>& weight,
                                  First&& first, Take&& take) {
  const T* rows[ROWS];
  unroll<ROWS>([&](auto r)
                   BACKPROP_INLINE_LAMBDA { rows[r] = left + vector_offset<T>(v + r, depth); });
  Vector<T> sum[UNITS][ROWS];
  unroll<UNITS>([&](auto u) BACKPROP_INLINE_LAMBDA {
    unroll<ROWS>([&](auto r) BACKPROP_INLINE_LAMBDA { sum[u][r] = first(u, r); });
  });
  const T* w_of_step = weight.numbers + begin * weight.step_stride;
  for (std::size_t k = begin; k < end; ++k, w_of_step += weight.step_stride) {
    Vector<T> a[ROWS];
    unroll<ROWS>([&](auto r) BACKPROP_INLINE_LAMBDA { a[r] = load(rows[r] + k * line<T>); });
    unroll<UNITS>([&](auto u) BACKPROP_INLINE_LAMBDA {
      const Vector<T> w = broadcast(w_of_step[u * weight.unit_stride]);
      unroll<ROWS>([&](auto r) BACKPROP_INLINE_LAMBDA { sum[u][r] = fma(a[r], w, sum[u][r]); });
    });
  }
  unroll<UNITS>([&](auto u) BACKPROP_INLINE_LAMBDA {
    unroll<ROWS>([&](auto r) BACKPROP_INLINE_LAMBDA { take(u, r, sum[u][r]); });
  });
}

// Calls tile(rows, v) for groups of `rows` vectors starting at v, from begin to end - 1.
template <class F>
BACKPROP_INLINE void for_each_tile_of_rows(std::size_t begin, std::size_t end, F&& tile) {
  std::size_t v = begin;
  for (; v + tile_rows <= end; v += tile_rows) tile(Index<tile_rows>{}, v);
  for (; v < end; ++v) tile(Index<1>{}, v);
}
template <class F> BACKPROP_INLINE void for_each_block(std::size_t count, std::size_t size, F&& f) {
  for (std::size_t begin = 0; begin < count; begin += size)
    f(begin, begin + size < count ? begin + size : count);
}

template <class T, int UNITS>
void product_units(std::size_t v_begin, std::size_t v_end, std::size_t depth, std::size_t k_begin,
                   std::size_t k_end, const T* left, Strides<T> weight, const T* start, T* result,
                   std::size_t result_units) {
  for_each_tile_of_rows(v_begin, v_end, [&](auto rows, std::size_t v) BACKPROP_INLINE_LAMBDA {
    auto place = [&](int u, int r) BACKPROP_INLINE_LAMBDA {
      return result + vector_offset<T>(v + r, result_units) + u * line<T>;
    };
    auto take = [&](auto u, auto r, Vector<T> sum)
                    BACKPROP_INLINE_LAMBDA { store(place(u, r), sum); };
    if (k_begin > 0)
      product_tile<T, rows, UNITS>(
          v, depth, k_begin, k_end, left, weight,
          [&](auto u, auto r) BACKPROP_INLINE_LAMBDA { return load(place(u, r)); }, take);
    else
      product_tile<T, rows, UNITS>(
          v, depth, k_begin, k_end, left, weight,
          [&](auto u, auto) BACKPROP_INLINE_LAMBDA { return broadcast(start ? start[u] : T(0)); },
          take);
  });
}

// result (rows x units) = start (1 x units, or 0) + left (rows x depth) %*% weight
template <class T>
void product(std::size_t panels, std::size_t depth, std::size_t units, const T* left,
             const Weights<T>& weight, const T* start, T* result) noexcept {
  for_each_block(
      depth, block_depth<T>, [&](std::size_t k_begin, std::size_t k_end) BACKPROP_INLINE_LAMBDA {
        for_each_block(
            panels * line_vectors<T>, block_vectors,
            [&](std::size_t v_begin, std::size_t v_end) BACKPROP_INLINE_LAMBDA {
              for_each_tile_of_units(units, [&](auto width, std::size_t u) BACKPROP_INLINE_LAMBDA {
                product_units<T, width>(v_begin, v_end, depth, k_begin, k_end, left,
                                        tile_of(weight, depth, u, width),
                                        start ? start + u : nullptr, result + u * line<T>, units);
              });
            });
      });
}
