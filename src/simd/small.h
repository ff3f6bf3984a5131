// Epochs of full-batch gradient descent for networks so small that calls and memory would cost more than the arithmetic: all rows
// stand in one panel, and nothing is called between epochs. Every sum is made in the order of the kernels for any size, so that
// the results are theirs to the last bit.

// z = b + sum_k x_k w_k; a = f(z)
template <class T, int PARTS> BACKPROP_INLINE void small_forward(const SmallLayer<T>& layer, const T* weights) {
  with_elementwise<T>(layer.activation, [&](auto row) __attribute__((always_inline)) {
    for (std::size_t u = 0; u < layer.units; ++u) {
      const T* w = weights + layer.weights_at + u * layer.inputs;
      Vector<T> sum[PARTS];
      unroll<PARTS>([&](auto part) __attribute__((always_inline)) { sum[part] = broadcast(weights[layer.biases_at + u]); });
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        const Vector<T> w_k = broadcast(w[k]);
        unroll<PARTS>([&](auto part) __attribute__((always_inline)) { sum[part] = fma(load(layer.below + k * line<T> + part * vector_size<T>), w_k, sum[part]); });
      }
      unroll<PARTS>([&](auto part) __attribute__((always_inline)) {
        const std::size_t at = u * line<T> + part * vector_size<T>;
        store(layer.input + at, sum[part]);
        store(layer.output + at, row.value(sum[part]));
      });
    }
  });
}

// delta of the layer below = (delta %*% t(weights)) * f'
template <class T, int PARTS> BACKPROP_INLINE void small_backward(const SmallLayer<T>& layer, const SmallLayer<T>& below, const T* weights) {
  with_elementwise<T>(below.activation, [&](auto row) __attribute__((always_inline)) {
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      const T* w = weights + layer.weights_at + k;
      Vector<T> sum[PARTS];
      unroll<PARTS>([&](auto part) __attribute__((always_inline)) { sum[part] = broadcast(T(0)); });
      for (std::size_t u = 0; u < layer.units; ++u) {
        const Vector<T> w_u = broadcast(w[u * layer.inputs]);
        unroll<PARTS>([&](auto part) __attribute__((always_inline)) { sum[part] = fma(load(layer.delta + u * line<T> + part * vector_size<T>), w_u, sum[part]); });
      }
      unroll<PARTS>([&](auto part) __attribute__((always_inline)) {
        const std::size_t at = k * line<T> + part * vector_size<T>;
        store(below.delta + at, sum[part] * row.slope(load(below.input + at), load(below.output + at)));
      });
    }
  });
}

// w_i <- w_i - rate scale sums[i], the lanes of each sum added up
template <class T, int COUNT> BACKPROP_INLINE void small_step(const Vector<T> (&sums)[COUNT], T rate, T scale, T* weights) {
  const Vector<T> totals = broadcast(scale) * sum_vectors<T>(sums);
  if constexpr (COUNT == vector_size<T>) {
    store_anywhere(weights, fma(broadcast(-rate), totals, load_anywhere(weights)));
  } else {
    alignas(64) T total[vector_size<T>];
    store(total, totals);
    for (int i = 0; i < COUNT; ++i) weights[i] = fma(-rate, total[i], weights[i]);
  }
}

template <class T, int PARTS> BACKPROP_INLINE void small_update(const SmallLayer<T>& layer, T rate, T scale, T* weights) {
  for (std::size_t u = 0; u < layer.units; ++u) {
    const T* d = layer.delta + u * line<T>;
    T* w = weights + layer.weights_at + u * layer.inputs;
    std::size_t k = 0;
    auto run = [&](auto width) __attribute__((always_inline)) {
      for (; k + width <= layer.inputs; k += width) {
        Vector<T> sums[width];
        unroll<width>([&](auto j) __attribute__((always_inline)) {
          sums[j] = broadcast(T(0));
          unroll<PARTS>([&](auto part) __attribute__((always_inline)) {
            sums[j] = fma(load(d + part * vector_size<T>), load(layer.below + (k + j) * line<T> + part * vector_size<T>), sums[j]);
          });
        });
        small_step<T, width>(sums, rate, scale, w + k);
      }
    };
    run(Index<(vector_size<T> < 4 ? vector_size<T> : 4)>{});
    run(Index<2>{});
    run(Index<1>{});
    Vector<T> bias[1] = {broadcast(T(0))};
    unroll<PARTS>([&](auto part) __attribute__((always_inline)) { bias[0] += load(d + part * vector_size<T>); });
    small_step<T, 1>(bias, rate, scale, weights + layer.biases_at + u);
  }
}

template <class T, int PARTS> void run_small_epochs(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale, T* weights, double* losses) {
  const std::size_t last = network.count - 1;
  const SmallLayer<T>* layers = network.layers;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t l = 0; l <= last; ++l) small_forward<T, PARTS>(layers[l], weights);
    losses[epoch] = loss<T>(network.loss, layers[last].activation, network.loss_parameter, 1, layers[last].units, layers[last].input, layers[last].output, network.target,
                            network.weight_of_row, layers[last].delta);
    for (std::size_t l = last; l > 0; --l) small_backward<T, PARTS>(layers[l], layers[l - 1], weights);
    for (std::size_t l = 0; l <= last; ++l) small_update<T, PARTS>(layers[l], rates[epoch], scale, weights);
  }
}

// Writes each epoch's loss, summed over the rows, before its update.
template <class T>
void small_epochs(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale, T* weights, double* losses) noexcept {
  if (network.rows <= vector_size<T>)
    run_small_epochs<T, 1>(network, epochs, rates, scale, weights, losses);
  else
    run_small_epochs<T, line_vectors<T>>(network, epochs, rates, scale, weights, losses);
}
