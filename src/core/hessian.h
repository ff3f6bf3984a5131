// Exact products of the Hessian of the objective with directions, by differentiating the forward
// and the backward pass along the direction (R-operator, Pearlmutter 1994,
// doi:10.1162/neco.1994.6.1.147).
#pragma once
#include <vector>

#include "dual.h"
#include "objective.h"

namespace backprop {

class HessianProduct {
 public:
  // Bytes that are allocated for at most `rows` rows, without the pass.
  static double bytes(const Network& network, std::size_t rows);

  // `pass` must keep all quantities of each layer.
  HessianProduct(const Network& network, const Objective& objective, Pass<double>& pass,
                 std::size_t rows);

  // Adds to `product` that of the Hessian of the summed loss over the rows of the pass, after its
  // backward pass with `weights`, and of `direction`.
  void add(const double* weights, const double* direction, double* product);

 private:
  // Values of the pass and their derivatives along the direction.
  struct LayerRates {
    Buffer<dual::Dual> input, output;
    Buffer<double> output_rate, delta_rate;
  };
  void forward(const double* weights, const double* direction);
  void start();
  void backward(const double* weights, const double* direction);
  const double* input_rates(std::size_t layer);
  void add_gradient(double* product);

  const Network& network_;
  const Objective& objective_;
  Pass<double>& pass_;
  std::vector<LayerRates> rates_;
  Buffer<double> sums_, more_sums_;
  Buffer<double> joined_rates_;  // of the inputs of an output layer that has the network's, too
  Buffer<dual::Dual> duals_, targets_, weights_of_rows_;
  std::vector<dual::Dual> parameters_;  // of the loss, one for each output
};

// product <- the Hessian of the objective times each of the `count` directions, columns of
// network.parameters() numbers.
void multiply_hessian(const Network& network, const Objective& objective, const double* weights,
                      const Rows<double>& rows, std::size_t count, const double* directions,
                      double* products);

}  // namespace backprop
