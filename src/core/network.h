// A network's shape, and where each layer's weights stand in one run of numbers: wh1, bh1, ...,
// wout, bout. A layer's weights are units x inputs, row by row, which is the same memory as R's
// inputs x units matrix, column by column.
#pragma once
#include <vector>

#include "../simd/types.h"

namespace backprop {

struct Network {
  std::vector<std::size_t> units;       // inputs, hidden layers, outputs
  std::vector<Activation> activations;  // one for each layer of weights

  std::size_t layers() const { return activations.size(); }
  std::size_t inputs() const { return units.front(); }
  std::size_t outputs() const { return units.back(); }
  Activation output_activation() const { return activations.back(); }
  // Where the weights of layer `l` begin; its biases follow them.
  std::size_t weights_at(std::size_t l) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < l; ++i) at += (units[i] + 1) * units[i + 1];
    return at;
  }
  std::size_t biases_at(std::size_t l) const { return weights_at(l) + units[l] * units[l + 1]; }
  std::size_t parameters() const { return weights_at(layers()); }
};

// reduction(loss over rows) + penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|), biases left out
struct Objective {
  Loss loss;
  double loss_parameter;  // huber's width, quantile's probability
  bool mean;              // the weighted mean over the rows, else the weighted sum
  double penalty, penalty_l1;

  bool has_penalty() const { return penalty != 0 || penalty_l1 != 0; }
};

// Calls f(i, weights[i]) for each weight that is no bias.
template <class T, class F> void for_each_weight(const Network& network, const T* weights, F&& f) {
  for (std::size_t l = 0; l < network.layers(); ++l)
    for (std::size_t i = network.weights_at(l); i < network.biases_at(l); ++i) f(i, weights[i]);
}

}  // namespace backprop
