// The update of a first-order method: the parameters and moments, and what one gradient does to
// them.
#pragma once
#include <algorithm>
#include <cmath>

#include "objective.h"
#include "train.h"

namespace backprop {

template <class T> bool all_finite(const Buffer<T>& numbers) {
  return std::all_of(numbers.data(), numbers.data() + numbers.size(),
                     [](T x) { return std::isfinite(x); });
}

// The parameters and moments, at the precision of training.
template <class T> struct Parameters {
  Buffer<T> weights, moment, moment2;
  double steps = 0;

  explicit Parameters(const State& state)
      : weights(state.weights.size()),
        moment(state.moment.size()),
        moment2(state.moment2.size()),
        steps(state.steps) {
    std::copy(state.weights.begin(), state.weights.end(), weights.data());
    std::copy(state.moment.begin(), state.moment.end(), moment.data());
    std::copy(state.moment2.begin(), state.moment2.end(), moment2.data());
  }
  // Moments are squares of gradients, and overflow before the weights do.
  bool are_finite() const {
    return all_finite(weights) && all_finite(moment) && all_finite(moment2);
  }
  void copy_from(const Parameters& other) {
    std::copy_n(other.weights.data(), weights.size(), weights.data());
    std::copy_n(other.moment.data(), moment.size(), moment.data());
    std::copy_n(other.moment2.data(), moment2.size(), moment2.data());
    steps = other.steps;
  }
  void copy_to(State& state) const {
    std::copy_n(weights.data(), state.weights.size(), state.weights.begin());
    std::copy_n(moment.data(), state.moment.size(), state.moment.begin());
    std::copy_n(moment2.data(), state.moment2.size(), state.moment2.begin());
    state.steps = steps;
  }
};

template <class T> double norm(const Buffer<T>& numbers) {
  double sum = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    sum += static_cast<double>(numbers.data()[i]) * static_cast<double>(numbers.data()[i]);
  return std::sqrt(sum);
}

// The constants of update `t`, counted from 1; the gradient is multiplied by `scale`.
template <class T> Step<T> step_of(const Method& method, double rate, double t, double scale) {
  Step<T> step;
  step.rate = static_cast<T>(rate);
  step.decay = static_cast<T>(method.decay);
  step.decay2 = static_cast<T>(method.decay2);
  step.epsilon = static_cast<T>(method.epsilon);
  step.corrected_rate = static_cast<T>(rate / (1 - std::pow(method.decay, t)));
  step.correction2 = static_cast<T>(1 / std::sqrt(1 - std::pow(method.decay2, t)));
  step.less = static_cast<T>(method.less);
  step.more = static_cast<T>(method.more);
  step.least = static_cast<T>(method.least);
  step.most = static_cast<T>(method.most);
  step.scale = static_cast<T>(scale);
  return step;
}

// The steps of one training.
template <class T> class Update {
 public:
  Update(const Training<T>& training, Team& team)
      : training_(training),
        plan_(training.plan),
        team_(team),
        plain_(!training.objective.has_penalty() && !std::isfinite(training.method.clip)),
        before_(plan_.rate_factors.size()) {}

  // Whether a step needs nothing but the sum of the gradients of the loss.
  bool is_plain() const { return plain_; }

  // Updates the parameters with the gradient of a batch with this total weight.
  void apply(double rate, double weight, Parameters<T>& parameters, Buffer<T>& gradient) {
    const Objective& objective = training_.objective;
    const Method& method = training_.method;
    double scale = objective.mean ? 1 / weight : 1;
    // without penalty and clipping the update itself applies the scale
    if (!plain_) {
      const double share = objective.mean ? 1 : weight / training_.rows.total_weight;
      finish_gradient(training_.network, objective, parameters.weights.data(), scale, share,
                      gradient.data());
      scale = 1;
    }
    clear_frozen(plan_.rate_factors, gradient.data());
    std::copy_n(parameters.weights.data(), before_.size(), before_.data());
    if (std::isfinite(method.clip)) {
      const double size = norm(gradient);
      if (size > method.clip)
        for (std::size_t i = 0; i < gradient.size(); ++i)
          gradient.data()[i] *= static_cast<T>(method.clip / size);
    }
    if (method.weight_decay > 0) {
      const T kept = static_cast<T>(1 - rate * method.weight_decay);
      for_each_weight(training_.network, parameters.weights.data(),
                      [&](std::size_t i, T w) { parameters.weights.data()[i] = w * kept; });
    }
    parameters.steps += 1;
    const Step<T> step = step_of<T>(method, rate, parameters.steps, scale);
    team_.run([&](const Team::Share& share) {
      share.part_of(parameters.weights.size(), line<T>, [&](std::size_t begin, std::size_t end) {
        auto from = [&](Buffer<T>& numbers) {
          return numbers.empty() ? nullptr : numbers.data() + begin;
        };
        kernels<T>().update(method.rule, step, end - begin, from(parameters.weights),
                            from(gradient), from(parameters.moment), from(parameters.moment2));
      });
    });
    scale_step(parameters);
    if (std::isfinite(plan_.max_norm)) limit_norms(parameters);
  }

 private:
  // Multiplies the change of each parameter by its factor. Frozen ones keep their bits.
  void scale_step(Parameters<T>& parameters) {
    T* weights = parameters.weights.data();
    for (std::size_t i = 0; i < plan_.rate_factors.size(); ++i) {  // before_ is padded
      const T factor = static_cast<T>(plan_.rate_factors[i]), old = before_.data()[i];
      if (factor == 0)
        weights[i] = old;
      else if (factor != 1)
        weights[i] = old + factor * (weights[i] - old);
    }
  }

  // Scales down the weights of each hidden unit with a norm above max_norm (Srivastava et al.
  // 2014). Units with frozen weights are left as they are.
  void limit_norms(Parameters<T>& parameters) {
    const std::vector<Layer>& layers = training_.network.layers;
    for (std::size_t l = 0; l + 1 < layers.size(); ++l)
      for (std::size_t u = 0; u < layers[l].units; ++u) {
        const std::size_t at = layers[l].weights_at + u * layers[l].inputs;
        T* weights = parameters.weights.data() + at;
        double squares = 0;
        bool frozen = false;
        for (std::size_t k = 0; k < layers[l].inputs; ++k) {
          squares += static_cast<double>(weights[k]) * static_cast<double>(weights[k]);
          frozen = frozen || (before_.size() > 0 && plan_.rate_factors[at + k] == 0);
        }
        const double norm = std::sqrt(squares);
        if (frozen || !(norm > plan_.max_norm)) continue;
        const T factor = static_cast<T>(plan_.max_norm / norm);
        for (std::size_t k = 0; k < layers[l].inputs; ++k) weights[k] *= factor;
      }
  }

  const Training<T>& training_;
  const Plan& plan_;
  Team& team_;
  const bool plain_;
  Buffer<T> before_;
};

}  // namespace backprop
