#include "hessian.h"

#include "panels.h"

namespace backprop {

namespace dual {
#include "../simd/activations-inl.h"
#include "../simd/losses-inl.h"
}  // namespace dual

namespace {

using dual::Dual;

std::size_t panel_numbers(std::size_t rows, std::size_t units) {
  return panel_at<double>(panels_for<double>(std::min(rows, piece_rows)), units);
}

std::size_t widest_layer(const Network& network) {
  std::size_t widest = network.inputs();
  for (const Layer& layer : network.layers) widest = std::max(widest, layer.units);
  return widest;
}

void join(std::size_t count, const double* values, const double* rates, Dual* duals) {
  for (std::size_t i = 0; i < count; ++i) duals[i] = Dual(values[i], rates ? rates[i] : 0);
}
void take_rates(std::size_t count, const Dual* duals, double* rates) {
  for (std::size_t i = 0; i < count; ++i) rates[i] = duals[i].rate;
}

// The weights of a layer for its forward product, and transposed for its backward product.
Weights<double> forward_weights(const Layer& layer, const double* weights) {
  return {weights + layer.weights_at, layer.inputs, 1, false};
}
Weights<double> backward_weights(const Layer& layer, const double* weights) {
  return {weights + layer.weights_at, 1, layer.inputs, false};
}

}  // namespace

double HessianProduct::bytes(const Network& network, std::size_t rows) {
  double numbers = 2.0 + 4.0 * static_cast<double>(widest_layer(network)) +
                   2.0 * static_cast<double>(network.outputs()) +
                   (network.skips() ? static_cast<double>(network.layers.back().inputs) : 0.0);
  for (const Layer& layer : network.layers) numbers += 6.0 * static_cast<double>(layer.units);
  return 8 * numbers * static_cast<double>(panel_numbers(rows, 1));
}

HessianProduct::HessianProduct(const Network& network, const Objective& objective,
                               Pass<double>& pass, std::size_t rows)
    : network_(network),
      objective_(objective),
      pass_(pass),
      sums_(panel_numbers(rows, widest_layer(network))),
      more_sums_(sums_.size()),
      joined_rates_(network.skips() ? panel_numbers(rows, network.layers.back().inputs) : 0),
      duals_(sums_.size()),
      targets_(panel_numbers(rows, network.outputs())),
      weights_of_rows_(panel_numbers(rows, 1)),
      parameters_(objective.loss_parameters.begin(), objective.loss_parameters.end()) {
  for (const Layer& layer : network.layers) {
    const std::size_t count = panel_numbers(rows, layer.units);
    rates_.push_back(
        {Buffer<Dual>(count), Buffer<Dual>(count), Buffer<double>(count), Buffer<double>(count)});
  }
}

void HessianProduct::forward(const double* weights, const double* direction) {
  const std::size_t panels = pass_.panels_;
  for (std::size_t l = 0; l < rates_.size(); ++l) {
    const Layer& layer = network_.layers[l];
    const std::size_t count = panel_at<double>(panels, layer.units);
    LayerRates& rates = rates_[l];
    pass_.kernels_.product(panels, layer.inputs, layer.units, pass_.inputs_of(l),
                           forward_weights(layer, direction), direction + layer.biases_at,
                           sums_.data());
    if (l > 0) {
      pass_.kernels_.product(panels, layer.from_below(), layer.units,
                             rates_[l - 1].output_rate.data(), forward_weights(layer, weights),
                             nullptr, more_sums_.data());
      for (std::size_t i = 0; i < count; ++i) sums_.data()[i] += more_sums_.data()[i];
    }
    join(count, pass_.values_[l].input.data(), sums_.data(), rates.input.data());
    dual::activate<Dual>(layer.activation, panels, layer.units, rates.input.data(),
                         rates.output.data());
    take_rates(count, rates.output.data(), rates.output_rate.data());
  }
}

// The derivative of the last layer's delta.
void HessianProduct::start() {
  const std::size_t panels = pass_.panels_, outputs = network_.outputs(),
                    count = panel_at<double>(panels, outputs);
  LayerRates& last = rates_.back();
  join(count, pass_.y_.data(), nullptr, targets_.data());
  join(panel_at<double>(panels, 1), pass_.weight_of_row_.data(), nullptr, weights_of_rows_.data());
  dual::loss<Dual>(objective_.loss, network_.output_activation(), parameters_.data(), panels,
                   outputs, last.input.data(), last.output.data(), targets_.data(),
                   weights_of_rows_.data(), duals_.data());
  take_rates(count, duals_.data(), last.delta_rate.data());
}

void HessianProduct::backward(const double* weights, const double* direction) {
  const std::size_t panels = pass_.panels_;
  for (std::size_t l = rates_.size() - 1; l > 0; --l) {
    const Layer& layer = network_.layers[l];
    const std::size_t units = layer.from_below(), count = panel_at<double>(panels, units);
    LayerRates& below = rates_[l - 1];
    pass_.kernels_.product(panels, layer.units, units, pass_.values_[l].delta.data(),
                           backward_weights(layer, direction), nullptr, sums_.data());
    pass_.kernels_.product(panels, layer.units, units, rates_[l].delta_rate.data(),
                           backward_weights(layer, weights), nullptr, more_sums_.data());
    for (std::size_t i = 0; i < count; ++i) sums_.data()[i] += more_sums_.data()[i];
    join(count, pass_.values_[l - 1].error.data(), sums_.data(), duals_.data());
    dual::multiply_slope<Dual>(network_.layers[l - 1].activation, panels, units, below.input.data(),
                               below.output.data(), duals_.data());
    take_rates(count, duals_.data(), below.delta_rate.data());
  }
}

// The derivatives of a layer's inputs. Those of the network are constants.
const double* HessianProduct::input_rates(std::size_t l) {
  const Layer& layer = network_.layers[l];
  const double* rates = rates_[l - 1].output_rate.data();
  if (layer.skip == 0) return rates;
  const std::size_t count = panel_at<double>(1, layer.from_below());
  for (std::size_t panel = 0; panel < pass_.panels_; ++panel)
    std::copy_n(rates + panel * count, count,
                joined_rates_.data() + panel_at<double>(panel, layer.inputs));
  return joined_rates_.data();
}

void HessianProduct::add_gradient(double* product) {
  const std::size_t panels = pass_.panels_;
  for (std::size_t l = 0; l < rates_.size(); ++l) {
    const Layer& layer = network_.layers[l];
    const double* delta_rate = rates_[l].delta_rate.data();
    double* of_weights = product + layer.weights_at;
    pass_.kernels_.weight_gradient(panels, layer.units, layer.inputs, delta_rate,
                                   pass_.inputs_of(l), of_weights, true);
    if (l > 0)
      pass_.kernels_.weight_gradient(panels, layer.units, layer.inputs,
                                     pass_.values_[l].delta.data(), input_rates(l), of_weights,
                                     true);
    pass_.kernels_.bias_gradient(panels, layer.units, delta_rate, product + layer.biases_at, true);
  }
}

void HessianProduct::add(const double* weights, const double* direction, double* product) {
  forward(weights, direction);
  start();
  backward(weights, direction);
  add_gradient(product);
}

void multiply_hessian(const Network& network, const Objective& objective, const double* weights,
                      const Rows<double>& rows, std::size_t count, const double* directions,
                      double* products) {
  Team alone(1);
  Pass<double> pass(network, rows.count, true, false, alone);
  HessianProduct hessian(network, objective, pass, rows.count);
  const std::size_t parameters = network.parameters();
  std::fill_n(products, count * parameters, 0.0);
  for_each_piece(0, rows.count, [&](std::size_t first, std::size_t in_piece) {
    pass.load(rows, nullptr, first, in_piece);
    pass.forward(weights, nullptr);
    pass.loss(objective);
    pass.backward(weights);
    for (std::size_t j = 0; j < count; ++j)
      hessian.add(weights, directions + j * parameters, products + j * parameters);
  });
  const double scale = objective.mean ? 1 / rows.total_weight : 1;
  for (std::size_t j = 0; j < count; ++j) {
    double* product = products + j * parameters;
    const double* direction = directions + j * parameters;
    for (std::size_t i = 0; i < parameters; ++i) product[i] *= scale;
    for_each_weight(network, direction,
                    [&](std::size_t i, double d) { product[i] += objective.penalty * d; });
  }
}

}  // namespace backprop
