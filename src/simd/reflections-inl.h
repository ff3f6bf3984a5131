// Products of columns of one matrix, from which Householder reflections are made. The matrix has
// panels with one line for each of its `columns`.

// result[i * b_count + j] = sum over rows of column a + i times column b + j
template <class T>
void inner_products(std::size_t panels, std::size_t columns, const T* matrix, std::size_t a,
                    std::size_t a_count, std::size_t b, std::size_t b_count, T* result) noexcept {
  std::size_t j = 0;
  auto run_b = [&](auto width) BACKPROP_INLINE_LAMBDA {
    for (; j + width <= b_count; j += width) {
      std::size_t i = 0;
      auto run_a = [&](auto height) BACKPROP_INLINE_LAMBDA {
        for (; i + height <= a_count; i += height)
          gradient_tile<T, height, width>(panels, columns, columns, matrix + (a + i) * line<T>,
                                          matrix + (b + j) * line<T>, result + i * b_count + j,
                                          b_count, false);
      };
      run_a(Index<gradient_units>{});
      run_a(Index<1>{});
    }
  };
  run_b(Index<(most_gradient_inputs < vector_size<T> ? most_gradient_inputs : vector_size<T>)>{});
  run_b(Index<1>{});
}

// column b + j -= sum over i of column a + i times factors[i * b_count + j]
template <class T>
void subtract_products(std::size_t panels, std::size_t columns, T* matrix, std::size_t a,
                       std::size_t a_count, std::size_t b, std::size_t b_count,
                       const T* factors) noexcept {
  auto run = [&](auto count, std::size_t i) BACKPROP_INLINE_LAMBDA {
    for (std::size_t panel = 0; panel < panels; ++panel)
      for (std::size_t part = 0; part < line<T>; part += vector_size<T>) {
        T* lines = matrix + panel * columns * line<T> + part;
        Vector<T> left[count];
        unroll<count>(
            [&](auto c) BACKPROP_INLINE_LAMBDA { left[c] = -load(lines + (a + i + c) * line<T>); });
        for (std::size_t j = 0; j < b_count; ++j) {
          T* to = lines + (b + j) * line<T>;
          Vector<T> sum = load(to);
          unroll<count>([&](auto c) BACKPROP_INLINE_LAMBDA {
            sum = fma(left[c], broadcast(factors[(i + c) * b_count + j]), sum);
          });
          store(to, sum);
        }
      }
  };
  std::size_t i = 0;
  for (; i + 9 <= a_count; i += 9) run(Index<9>{}, i);
  for (; i + 3 <= a_count; i += 3) run(Index<3>{}, i);
  for (; i < a_count; ++i) run(Index<1>{}, i);
}
