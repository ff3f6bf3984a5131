#include "train.h"

#include <cmath>

#include "pass.h"

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
Ledger<T>::Ledger(const Network& network, const Objective& objective, const Plan& plan,
                  const Rows<T>* validation, State& state, Outcome& outcome, Team& team)
    : objective_(objective),
      plan_(plan),
      validation_(validation),
      state_(state),
      outcome_(outcome),
      judge_(validation ? std::make_unique<Pass<T>>(network, validation->count, false, false, team)
                        : nullptr) {
  outcome.loss.reserve(plan.epochs);
}

template <class T> bool Ledger<T>::epoch_completed(const T* weights, double loss, double correct) {
  ++state_.epoch;
  double monitor = loss;
  outcome_.loss.push_back(loss);
  if (plan_.count_correct) outcome_.correct.push_back(correct);
  if (validation_) {
    double sum = 0, right = 0;
    for_each_piece(0, validation_->count, [&](std::size_t first, std::size_t count) {
      sum += piece_loss<T>(*judge_, objective_, weights, *validation_, first, count, nullptr);
      if (plan_.count_correct) right += judge_->correct();
    });
    monitor = sum / validation_->total_weight;
    outcome_.validation_loss.push_back(monitor);
    if (plan_.count_correct)
      outcome_.validation_correct.push_back(right / validation_->total_weight);
  }
  if (plan_.track_best && monitor < state_.best_loss) {
    state_.best_loss = monitor;
    state_.best_epoch = state_.epoch;
    state_.best_weights.assign(weights, weights + state_.weights.size());
  }
  if (monitor < state_.reference - plan_.tolerance) {
    state_.reference = monitor;
    state_.stale = 0;
  } else {
    state_.stale += 1;
  }
  return state_.stale >= plan_.patience;
}

Watch::Watch(const Plan& plan, const Network& network)
    : plan_(plan),
      work_of_row_(6.0 * static_cast<double>(network.parameters())),
      start_(std::chrono::steady_clock::now()) {}

bool Watch::ended(std::size_t rows, Stop& stop) {
  work_ += work_of_row_ * static_cast<double>(rows);
  if (work_ < 2e7) return false;
  work_ = 0;
  if (plan_.interrupted && plan_.interrupted()) {
    stop = Stop::interrupted;
    return true;
  }
  if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() <
      plan_.seconds)
    return false;
  stop = Stop::time;
  return true;
}

template <class T>
FullBatch<T>::FullBatch(const Network& network, const Objective& objective, const Rows<T>& rows,
                        Team& team)
    : network_(network),
      objective_(objective),
      rows_(rows),
      pass_(network, rows.count, false, false, team),
      weights_(network.parameters()),
      gradient_(network.parameters()) {}

template <class T> const T* FullBatch<T>::rounded(const std::vector<double>& weights) {
  std::copy(weights.begin(), weights.end(), weights_.data());
  return weights_.data();
}

template <class T>
typename FullBatch<T>::Value FullBatch<T>::at(const std::vector<double>& weights,
                                              std::vector<double>* gradient, bool count_correct) {
  rounded(weights);
  double sum = 0, correct = 0;
  for_each_piece(0, rows_.count, [&](std::size_t first, std::size_t count) {
    sum += piece_loss(pass_, objective_, weights_.data(), rows_, first, count,
                      gradient ? gradient_.data() : nullptr);
    if (count_correct) correct += pass_.correct();
  });
  if (gradient) {
    finish_gradient(network_, objective_, weights_.data(), scale(), 1, gradient_.data());
    gradient->assign(gradient_.data(), gradient_.data() + weights.size());
  }
  return {sum * scale() + penalty_value(network_, objective_, weights_.data()),
          sum / rows_.total_weight, correct / rows_.total_weight};
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

template <class T>
Outcome train(const Network& network, const Objective& objective, const Method& method,
              const Plan& plan, const Rows<T>& rows, const Rows<T>* validation, State& state) {
  switch (method.family) {
    case Family::lbfgs:
      return train_lbfgs(network, objective, method, plan, rows, validation, state);
    case Family::levenberg_marquardt:
      return train_levenberg_marquardt(network, objective, method, plan, rows, validation, state);
    case Family::first_order: break;
  }
  return train_first_order(network, objective, method, plan, rows, validation, state);
}

#define BACKPROP_TRAIN_AT(T)                                                                       \
  template double piece_loss<T>(Pass<T>&, const Objective&, const T*, const Rows<T>&, std::size_t, \
                                std::size_t, T*);                                                  \
  template double penalty_value<T>(const Network&, const Objective&, const T*);                    \
  template void finish_gradient<T>(const Network&, const Objective&, const T*, double, double,     \
                                   T*);                                                            \
  template class Ledger<T>;                                                                        \
  template class FullBatch<T>;                                                                     \
  template Outcome train<T>(const Network&, const Objective&, const Method&, const Plan&,          \
                            const Rows<T>&, const Rows<T>*, State&);
BACKPROP_TRAIN_AT(double)
BACKPROP_TRAIN_AT(float)

}  // namespace backprop
