#include "small_network.h"

#include "panels.h"
#include "tables.h"

namespace backprop {

template <class T>
bool SmallNetworkPass<T>::is_applicable(const Network& network, std::size_t rows) {
  for (const Layer& layer : network.layers)
    if (layer.custom || layer.skip > 0) return false;
  return rows <= line<T> && network.parameters() <= 1024 &&
         is_elementwise(network.output_activation());
}

template <class T>
SmallNetworkPass<T>::SmallNetworkPass(Pass<T>& pass, const Objective& objective)
    : pass_(pass),
      ones_(line<T>),
      zeros_(line<T>),
      scale_(static_cast<T>(objective.mean ? 1 / pass.weight() : 1)) {
  pass.dropping_ = false;
  std::fill_n(ones_.data(), line<T>, T(1));
  for (std::size_t l = 0; l < pass.values_.size(); ++l) {
    const Layer& layer = pass.network_.layers[l];
    auto& values = pass.values_[l];
    SmallLayer<T> small;
    small.activation = layer.activation;
    small.inputs = layer.inputs;
    small.units = layer.units;
    small.stride = round_up(layer.inputs + 1, line<T>);
    small.weights = weights_.emplace_back(layer.units * small.stride).data();
    auto& below = below_.emplace_back(small.stride, zeros_.data());
    for (std::size_t k = 0; k < layer.inputs; ++k)
      below[k] = pass.inputs_of(l) + line_at<T>(0, k, layer.inputs);
    below[layer.inputs] = ones_.data();
    small.below = below.data();
    small.input = values.input_or_output();
    small.output = values.output.data();
    small.delta = values.delta.data();
    layers_.push_back(small);
  }
  network_.layers = layers_.data();
  network_.count = layers_.size();
  network_.rows = pass.rows_;
  network_.loss = objective.loss;
  std::copy(objective.loss_parameters.begin(), objective.loss_parameters.end(),
            pass.loss_parameters_.data());
  network_.loss_parameters = pass.loss_parameters_.data();
  network_.target = pass.y_.data();
  network_.weight_of_row = pass.weight_of_row_.data();
}

// Calls f(weights in this object, weights in `weights`, number of weights, bias in `weights`) for
// each unit.
template <class T> template <class F> void SmallNetworkPass<T>::for_each_unit(T* weights, F&& f) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = pass_.network_.layers[l];
    for (std::size_t u = 0; u < layer.units; ++u)
      f(layers_[l].weights + u * layers_[l].stride, weights + layer.weights_at + u * layer.inputs,
        layer.inputs, weights[layer.biases_at + u]);
  }
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
