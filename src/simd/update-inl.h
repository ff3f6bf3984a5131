// One step of each first-order rule, element by element; g is the gradient, w the weights, m and v
// the moments. Moments that would become denormal numbers become 0: those cost a hundred times the
// time of others.

template <class T> BACKPROP_INLINE Vector<T> without_denormals(Vector<T> x) {
  return select<T>(absolute<T>(x) < constant<T>(sizeof(T) == 8 ? 1e-290 : 1e-30), constant<T>(0),
                   x);
}

template <class T, class F> BACKPROP_INLINE void for_each_vector(std::size_t count, F&& f) {
  for (std::size_t i = 0; i < count; i += vector_size<T>) f(i);
}

template <class T>
void update(const Step<T>& step, std::size_t count, T* weights, T* gradient, T* moment,
            T* moment2) noexcept {
  const Vector<T> one = constant<T>(1), zero = constant<T>(0), rate = broadcast(step.rate),
                  decay = broadcast(step.decay), decay2 = broadcast(step.decay2),
                  epsilon = broadcast(step.epsilon), correction = broadcast(step.correction),
                  correction2 = broadcast(step.correction2), scale = broadcast(step.scale);
  switch (step.rule) {
    case Rule::gradient_descent:  // w <- w - rate g
      for_each_vector<T>(count, [&](std::size_t i) BACKPROP_INLINE_LAMBDA {
        store(weights + i, fma(-rate, scale * load(gradient + i), load(weights + i)));
      });
      break;
    case Rule::momentum:  // m <- decay m - rate g; w <- w + m
    case Rule::nesterov:  // m <- decay m - rate g; w <- w + decay m - rate g
      for_each_vector<T>(count, [&](std::size_t i) BACKPROP_INLINE_LAMBDA {
        const Vector<T> g = scale * load(gradient + i),
                        m = without_denormals<T>(fma(-rate, g, decay * load(moment + i)));
        store(moment + i, m);
        store(weights + i,
              load(weights + i) + (step.rule == Rule::momentum ? m : fma(-rate, g, decay * m)));
      });
      break;
    case Rule::rmsprop:  // v <- decay v + (1 - decay) g^2; w <- w - rate g / (sqrt(v) + epsilon)
      for_each_vector<T>(count, [&](std::size_t i) BACKPROP_INLINE_LAMBDA {
        const Vector<T> g = scale * load(gradient + i),
                        v = without_denormals<T>(
                            fma((one - decay) * g, g, decay * load(moment + i)));
        store(moment + i, v);
        store(weights + i, load(weights + i) - rate * g / (square_root(v) + epsilon));
      });
      break;
    case Rule::adam:  // m <- decay m + (1 - decay) g; v <- decay2 v + (1 - decay2) g^2; w <- w -
                      // rate m / (correction2 sqrt(v) + epsilon), with rate / (1 - decay^t) as
                      // `rate`, 1 / sqrt(1 - decay2^t) as `correction2`
      for_each_vector<T>(count, [&](std::size_t i) BACKPROP_INLINE_LAMBDA {
        const Vector<T> g = scale * load(gradient + i),
                        m = without_denormals<T>(fma(one - decay, g, decay * load(moment + i))),
                        v = without_denormals<T>(
                            fma((one - decay2) * g, g, decay2 * load(moment2 + i)));
        store(moment + i, m);
        store(moment2 + i, v);
        store(weights + i,
              load(weights + i) - rate * m / fma(correction2, square_root(v), epsilon));
      });
      break;
    case Rule::rprop:  // m is the last gradient, v the step of each weight: longer (x correction2)
                       // on the same sign, shorter (x correction) on a change, which also makes no
                       // step
      for_each_vector<T>(count, [&](std::size_t i) BACKPROP_INLINE_LAMBDA {
        Vector<T> g = scale * load(gradient + i), v = load(moment2 + i);
        const Vector<T> agreement = sign_or_zero<T>(g) * sign_or_zero<T>(load(moment + i));
        v = select<T>(agreement > zero, at_most<T>(v * correction2, decay2), v);
        v = select<T>(agreement < zero, at_least<T>(v * correction, decay), v);
        g = select<T>(agreement < zero, zero, g);
        store(moment + i, g);
        store(moment2 + i, v);
        store(weights + i, load(weights + i) - sign_or_zero<T>(g) * v);
      });
      break;
  }
}
