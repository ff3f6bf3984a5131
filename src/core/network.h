// A network is a list of layers. Its parameters form one contiguous array: the weights of each
// layer, then its biases. Weights are stored as units x inputs by row, which is the same memory
// layout as R's inputs x units matrix by column.
#pragma once
#include <memory>
#include <vector>

#include "../simd/types.h"
#include "custom.h"

namespace backprop {

enum class LayerKind { dense };

struct Layer {
  LayerKind kind;
  std::size_t inputs, units;
  std::size_t skip;  // how many of its last inputs are those of the network; 0 but for outputs
  Activation activation;
  std::size_t weights_at, biases_at;  // indices of the first ones among the network's parameters
  std::shared_ptr<CustomActivation> custom;  // of the activation `custom`

  std::size_t weights() const { return inputs * units; }
  std::size_t from_below() const { return inputs - skip; }  // the inputs from the layer below
};

struct Network {
  std::vector<Layer> layers;  // the last one is the output layer

  std::size_t inputs() const { return layers.front().inputs; }
  std::size_t outputs() const { return layers.back().units; }
  Activation output_activation() const { return layers.back().activation; }
  std::size_t parameters() const {
    return layers.empty() ? 0 : layers.back().biases_at + layers.back().units;
  }
  bool skips() const { return layers.back().skip > 0; }
  // Appends a layer.
  void add(LayerKind kind, std::size_t inputs, std::size_t units, Activation activation,
           std::size_t skip = 0) {
    Layer layer;
    layer.skip = skip;
    layer.kind = kind;
    layer.inputs = inputs;
    layer.units = units;
    layer.activation = activation;
    layer.weights_at = parameters();
    layer.biases_at = layer.weights_at + layer.weights();
    layers.push_back(layer);
  }
};

// reduction(loss over rows) + penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|), without biases
struct Objective {
  Loss loss;
  std::vector<double> loss_parameters;  // one for each output, such as the width of huber
  bool mean;                            // weighted mean over the rows, otherwise weighted sum
  double penalty, penalty_l1;
  std::shared_ptr<CustomLoss> custom;  // of the loss `custom`

  bool has_penalty() const { return penalty != 0 || penalty_l1 != 0; }
};

// Calls f(i, weights[i]) for each weight, not for biases.
template <class T, class F> void for_each_weight(const Network& network, const T* weights, F&& f) {
  for (const Layer& layer : network.layers)
    for (std::size_t i = layer.weights_at; i < layer.biases_at; ++i) f(i, weights[i]);
}

}  // namespace backprop
