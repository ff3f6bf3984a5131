#include "objective.h"

#include <cmath>

namespace backprop {

template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows,
                  std::size_t first, std::size_t count, T* gradient) {
  pass.load(rows, nullptr, first, count);
  pass.forward(weights, nullptr);
  const double sum = pass.loss(objective);
  if (gradient) {
    pass.backward(weights);
    pass.gradient(gradient, first > 0);
  }
  return sum;
}

template <class T>
double penalty_value(const Network& network, const Objective& objective, const T* weights) {
  double squares = 0, sizes = 0;
  if (objective.has_penalty())
    for_each_weight(network, weights, [&](std::size_t, double w) {
      squares += w * w;
      sizes += std::abs(w);
    });
  return objective.penalty / 2 * squares + objective.penalty_l1 * sizes;
}

template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights,
                     double scale, double share, T* gradient) {
  if (scale != 1)
    for (std::size_t i = 0; i < network.parameters(); ++i) gradient[i] *= static_cast<T>(scale);
  if (objective.has_penalty())
    for_each_weight(network, weights, [&](std::size_t i, T w) {
      const double sign = w > 0 ? 1 : w < 0 ? -1 : 0;
      gradient[i] += static_cast<T>(
          share * (objective.penalty * static_cast<double>(w) + objective.penalty_l1 * sign));
    });
}

template <class T>
FullBatch<T>::FullBatch(const Training<T>& training, Team& team)
    : network_(training.network),
      objective_(training.objective),
      rows_(training.rows),
      rate_factors_(training.plan.rate_factors),
      pass_(network_, rows_.count, false, false, team,
            rows_.coded() && training.method.family != Family::levenberg_marquardt),
      weights_(network_.parameters()),
      gradient_(network_.parameters()),
      sums_(training.plan, network_.parameters()) {}

template <class T> const T* FullBatch<T>::rounded(const std::vector<double>& weights) {
  std::copy(weights.begin(), weights.end(), weights_.data());
  return weights_.data();
}

template <class T>
typename FullBatch<T>::Value FullBatch<T>::at(const std::vector<double>& weights,
                                              std::vector<double>* gradient, bool count_correct,
                                              Stop& stop) {
  rounded(weights);
  double sum = 0, correct = 0;
  for_each_piece(0, rows_.count, [&](std::size_t first, std::size_t count) {
    sum = add_losses(sum, piece_loss(pass_, objective_, weights_.data(), rows_, first, count,
                                     gradient ? gradient_.data() : nullptr));
    if (count_correct) correct += pass_.correct();
  });
  // without rows the gradient is still that of another point, summed over all processes
  if (rows_.count == 0) std::fill_n(gradient_.data(), gradient_.size(), T(0));
  sums_.add_up(gradient ? gradient_.data() : nullptr, {&sum, &correct}, stop);
  if (gradient) {
    finish_gradient(network_, objective_, weights_.data(), scale(), 1, gradient_.data());
    clear_frozen(rate_factors_, gradient_.data());
    gradient->assign(gradient_.data(), gradient_.data() + weights.size());
  }
  Value value;
  value.objective = sum * scale() + penalty_value(network_, objective_, weights_.data());
  value.data_loss = mean_loss(sum, rows_.total_weight);
  value.correct = correct / rows_.total_case_weight;
  return value;
}

template <class T>
double FullBatch<T>::relative_gradient(const std::vector<double>& weights,
                                       const std::vector<double>& gradient,
                                       double objective) const {
  const double to_mean = objective_.mean ? 1 : 1 / rows_.total_weight;
  double most = 0;
  for (std::size_t i = 0; i < weights.size(); ++i)
    most = std::max(most, std::abs(gradient[i]) * to_mean * std::max(1.0, std::abs(weights[i])));
  return most / std::max(1.0, objective * to_mean);
}

#define BACKPROP_OBJECTIVE_AT(T)                                                                   \
  template double piece_loss<T>(Pass<T>&, const Objective&, const T*, const Rows<T>&, std::size_t, \
                                std::size_t, T*);                                                  \
  template double penalty_value<T>(const Network&, const Objective&, const T*);                    \
  template void finish_gradient<T>(const Network&, const Objective&, const T*, double, double,     \
                                   T*);                                                            \
  template class FullBatch<T>;
BACKPROP_OBJECTIVE_AT(double)
BACKPROP_OBJECTIVE_AT(float)

}  // namespace backprop
