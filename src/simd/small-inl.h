// Epochs of full-batch gradient descent for networks so small that function calls and memory access
// would take longer than the arithmetic. All rows are in one panel, and there are no calls between
// epochs. The order of all sums is that of the general kernels, so the results are bit-identical.

// z = b + sum_k x_k w_k; a = f(z)
template <class T, int PARTS> BACKPROP_INLINE void small_forward(const SmallLayer<T>& layer) {
  with_elementwise<T>(layer.activation, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t u = 0; u < layer.units; ++u) {
      const T* w = layer.weights + u * layer.stride;
      Vector<T> sum[PARTS];
      unroll<PARTS>([&](auto part)
                        BACKPROP_INLINE_LAMBDA { sum[part] = broadcast(w[layer.inputs]); });
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        const Vector<T> w_k = broadcast(w[k]);
        unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
          sum[part] = fma(load(layer.below[k] + part * vector_size<T>), w_k, sum[part]);
        });
      }
      unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
        const std::size_t at = u * line<T> + part * vector_size<T>;
        store(layer.input + at, sum[part]);
        store(layer.output + at, row.value(sum[part]));
      });
    }
  });
}

// The loss summed over the rows, and the delta of the last layer. Squared error, the most common
// loss here, is computed together with the slope.
template <class T, int PARTS> BACKPROP_INLINE double small_loss(const SmallNetwork<T>& network) {
  const SmallLayer<T>& last = network.layers[network.count - 1];
  if (network.loss != Loss::squared_error)
    return loss<T>(network.loss, last.activation, network.loss_parameters, 1, last.units,
                   last.input, last.output, network.target, network.weight_of_row, last.delta);
  Vector<T> totals[1] = {broadcast(T(0))};
  with_elementwise<T>(last.activation, [&](auto row) BACKPROP_INLINE_LAMBDA {
    unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
      const Vector<T> weight = load(network.weight_of_row + part * vector_size<T>);
      for (std::size_t at = part * vector_size<T>; at < last.units * line<T>; at += line<T>) {
        const Vector<T> a = load(last.output + at), y = load(network.target + at);
        weigh<T>(weight, Pointwise<T, Loss::squared_error>::value(a, y, a),
                 Pointwise<T, Loss::squared_error>::slope(a, y, a), totals[0], last.delta + at);
        store(last.delta + at, load(last.delta + at) * row.slope(load(last.input + at), a));
      }
    });
  });
  return sum_vectors<T>(totals)[0];
}

// delta of the layer below = (delta %*% t(weights)) * f'
template <class T, int PARTS>
BACKPROP_INLINE void small_backward(const SmallLayer<T>& layer, const SmallLayer<T>& below) {
  with_elementwise<T>(below.activation, [&](auto row) BACKPROP_INLINE_LAMBDA {
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      Vector<T> sum[PARTS];
      unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA { sum[part] = broadcast(T(0)); });
      for (std::size_t u = 0; u < layer.units; ++u) {
        const Vector<T> w_u = broadcast(layer.weights[u * layer.stride + k]);
        unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
          sum[part] = fma(load(layer.delta + u * line<T> + part * vector_size<T>), w_u, sum[part]);
        });
      }
      unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
        const std::size_t at = k * line<T> + part * vector_size<T>;
        store(below.delta + at,
              sum[part] * row.slope(load(below.input + at), load(below.output + at)));
      });
    }
  });
}

// w_k <- w_k - rate scale sum_rows delta x_k; the padding after the bias has inputs of 0 and stays
// 0
template <class T, int PARTS>
BACKPROP_INLINE void small_update(const SmallLayer<T>& layer, T rate, T scale) {
  for (std::size_t u = 0; u < layer.units; ++u) {
    const T* d = layer.delta + u * line<T>;
    T* w = layer.weights + u * layer.stride;
    for (std::size_t k = 0; k <= layer.inputs; k += vector_size<T>) {
      Vector<T> sums[vector_size<T>];
      unroll<vector_size<T>>([&](auto j) BACKPROP_INLINE_LAMBDA {
        sums[j] = broadcast(T(0));
        unroll<PARTS>([&](auto part) BACKPROP_INLINE_LAMBDA {
          sums[j] = fma(load(d + part * vector_size<T>),
                        load(layer.below[k + j] + part * vector_size<T>), sums[j]);
        });
      });
      store(w + k, fma(broadcast(-rate), broadcast(scale) * sum_vectors<T>(sums), load(w + k)));
    }
  }
}

template <class T, int PARTS>
void run_small_epochs(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale,
                      double* losses) {
  const std::size_t last = network.count - 1;
  const SmallLayer<T>* layers = network.layers;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t l = 0; l <= last; ++l) small_forward<T, PARTS>(layers[l]);
    losses[epoch] = small_loss<T, PARTS>(network);
    for (std::size_t l = last; l > 0; --l) small_backward<T, PARTS>(layers[l], layers[l - 1]);
    for (std::size_t l = 0; l <= last; ++l) small_update<T, PARTS>(layers[l], rates[epoch], scale);
  }
}

// Stores for each epoch the loss before its update, summed over the rows.
template <class T>
void small_epochs(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale,
                  double* losses) noexcept {
  if (network.rows <= vector_size<T>)
    run_small_epochs<T, 1>(network, epochs, rates, scale, losses);
  else
    run_small_epochs<T, line_vectors<T>>(network, epochs, rates, scale, losses);
}
