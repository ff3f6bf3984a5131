#include "small_network.h"

namespace backprop {

template <class T> bool SmallNetworkPass<T>::takes(const Network& network, std::size_t rows) {
  return rows <= line<T> && network.parameters() <= 1024 &&
         network.output_activation() != Activation::softmax;
}

template <class T>
SmallNetworkPass<T>::SmallNetworkPass(Pass<T>& pass, const Objective& objective)
    : pass_(pass),
      ones_(line<T>),
      zeros_(line<T>),
      scale_(static_cast<T>(objective.mean ? 1 / pass.weight() : 1)) {
  pass.dropping_ = false;
  std::fill_n(ones_.data(), line<T>, T(1));
  for (std::size_t l = 0; l < pass.layers_.size(); ++l) {
    auto& layer = pass.layers_[l];
    const std::size_t inputs = pass.network_.units[l], units = pass.network_.units[l + 1],
                      stride = round_up(inputs + 1, line<T>);
    Buffer<T>& weights = weights_.emplace_back(units * stride);
    auto& below = below_.emplace_back(stride, zeros_.data());
    for (std::size_t k = 0; k < inputs; ++k) below[k] = pass.inputs_of(l) + k * line<T>;
    below[inputs] = ones_.data();
    layers_.push_back({pass.network_.activations[l], inputs, units, stride, weights.data(),
                       below.data(), (layer.separate_input ? layer.input : layer.output).data(),
                       layer.output.data(), layer.delta.data()});
  }
  network_ = {layers_.data(),
              layers_.size(),
              pass.rows_,
              objective.loss,
              static_cast<T>(objective.loss_parameter),
              pass.y_.data(),
              pass.weight_of_row_.data()};
}

// Calls f(a unit's weights here, there, how many, its bias there).
template <class T> template <class F> void SmallNetworkPass<T>::for_each_unit(T* weights, F&& f) {
  for (std::size_t l = 0; l < layers_.size(); ++l)
    for (std::size_t u = 0; u < layers_[l].units; ++u)
      f(layers_[l].weights + u * layers_[l].stride,
        weights + pass_.layers_[l].weights_at + u * layers_[l].inputs, layers_[l].inputs,
        weights[pass_.layers_[l].biases_at + u]);
}

template <class T>
void SmallNetworkPass<T>::run(const std::vector<T>& rates, T* weights,
                              std::vector<double>& losses) {
  for_each_unit(weights, [](T* here, const T* there, std::size_t count, T bias) {
    *std::copy_n(there, count, here) = bias;
  });
  losses.resize(rates.size());
  pass_.kernels_.small_epochs(network_, rates.size(), rates.data(), scale_, losses.data());
  for_each_unit(weights, [](const T* here, T* there, std::size_t count, T& bias) {
    std::copy_n(here, count, there);
    bias = here[count];
  });
}

template class SmallNetworkPass<double>;
template class SmallNetworkPass<float>;

}  // namespace backprop
