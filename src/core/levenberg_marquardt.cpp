// Levenberg-Marquardt for small least-squares problems (Marquardt 1963, doi:10.1137/0111030). The
// step is computed by QR of the Jacobian above a diagonal matrix, of penalty and damping, with the
// largest column norms so far as scale (More 1978, doi:10.1007/BFb0067700). The damping is updated
// as in Nielsen (1999).
#include <cmath>

#include "least_squares.h"
#include "ledger.h"
#include "objective.h"
#include "train.h"

namespace backprop {

namespace {

// Computes residuals (outputs minus targets) and their Jacobian. Each row is multiplied by the
// square root of its weight in the objective. The rows of an output follow those of the one before
// it. penalty / 2 * w^2 is half the square of an additional residual for each weight, which is no
// row here (see Penalty).
template <class T> class Lineariser {
 public:
  Lineariser(const Training<T>& training, FullBatch<T>& full)
      : network_(training.network),
        rows_(training.rows),
        frozen_(training.plan.rate_factors),
        full_(full),
        roots_(std::min(piece_rows, round_up(rows_.count, line<double>))),
        inputs_(network_.layers.size()) {
    for (std::size_t l = 0; l < inputs_.size(); ++l)
      inputs_[l].resize(roots_.size() * network_.layers[l].inputs);
  }
  // The number of rows, of which each output has a multiple of a line.
  std::size_t rows() const { return network_.outputs() * round_up(rows_.count, line<double>); }

  void at(const std::vector<double>& weights, Linearised& made) {
    const T* w = full_.rounded(weights);
    Pass<T>& pass = full_.pass();
    for_each_piece(0, rows_.count, [&](std::size_t first, std::size_t count) {
      pass.load(rows_, nullptr, first, count);
      pass.forward(w, nullptr);
      for (std::size_t r = 0; r < roots_.size(); ++r) {
        const T* weight = rows_.weight.data() + first + r;
        roots_[r] = r < count ? std::sqrt(static_cast<double>(*weight) * full_.scale()) : 0;
      }
      read_inputs(pass, count);
      for (std::size_t j = 0; j < network_.outputs(); ++j) {
        pass.start_from_output(j);
        pass.backward(w);
        const std::size_t begin = j * panels_for<double>(rows_.count) + first / line<double>;
        write(pass, j, first, count, begin, made);
      }
    });
    for (std::size_t i = 0; i < frozen_.size(); ++i)
      if (frozen_[i] == 0) made.set_zero(i);
  }

 private:
  void read_inputs(const Pass<T>& pass, std::size_t count) {
    for (std::size_t l = 0; l < inputs_.size(); ++l)
      for (std::size_t k = 0; k < network_.layers[l].inputs; ++k)
        for (std::size_t r = 0; r < count; ++r)
          inputs_[l][k * roots_.size() + r] = pass.input_at(l, r, k);
  }
  // Writes the rows of one piece for output `j`, after the backward pass from this output.
  void write(const Pass<T>& pass, std::size_t j, std::size_t first, std::size_t count,
             std::size_t begin, Linearised& made) {
    using Part = typename Pass<T>::Part;
    const std::size_t outputs = network_.outputs(), last = network_.layers.size() - 1;
    for (std::size_t r = 0; r < count; r += line<double>) {
      const std::size_t panel = begin + r / line<double>, here = std::min(line<double>, count - r);
      double line_of[line<double>] = {};
      for (std::size_t i = 0; i < here; ++i) {
        const double root = roots_[r + i];
        const double target = static_cast<double>(rows_.y.data()[(first + r + i) * outputs + j]);
        line_of[i] = root == 0 ? 0 : root * (pass.at(Part::output, last, r + i, j) - target);
      }
      std::copy_n(line_of, line<double>, made.at(panel, made.parameters()));
      for (std::size_t l = 0; l <= last; ++l) {
        const Layer& layer = network_.layers[l];
        for (std::size_t u = 0; u < layer.units; ++u) {
          for (std::size_t i = 0; i < here; ++i)
            line_of[i] = roots_[r + i] == 0 ? 0 : roots_[r + i] * pass.at(Part::delta, l, r + i, u);
          double* to = made.at(panel, layer.weights_at + u * layer.inputs);
          for (std::size_t k = 0; k < layer.inputs; ++k, to += line<double>) {
            const double* input = inputs_[l].data() + k * roots_.size() + r;
            for (std::size_t i = 0; i < line<double>; ++i) to[i] = line_of[i] * input[i];
          }
          std::copy_n(line_of, line<double>, made.at(panel, layer.biases_at + u));
        }
      }
    }
  }

  const Network& network_;
  const Rows<T>& rows_;
  const std::vector<double>& frozen_;
  FullBatch<T>& full_;
  std::vector<double> roots_;                // of the weights of a piece, 0 for missing rows
  std::vector<std::vector<double>> inputs_;  // of each layer, by column
};

// The penalty of each parameter, 0 for biases and frozen weights.
template <class T> std::vector<double> penalties(const Training<T>& training) {
  std::vector<double> penalty(training.network.parameters());
  for_each_weight(training.network, penalty.data(),
                  [&](std::size_t i, double) { penalty[i] = training.objective.penalty; });
  for (std::size_t i = 0; i < training.plan.rate_factors.size(); ++i)
    if (training.plan.rate_factors[i] == 0) penalty[i] = 0;
  return penalty;
}

// The damping after an accepted step, whose reduction of the objective was `gain` times the
// predicted one, and after a rejected step.
void damp_less(Curvature& curvature, double gain) {
  curvature.damping *= std::max(1.0 / 3, 1 - std::pow(2 * gain - 1, 3));
  curvature.damping_factor = 2;
}
void damp_more(Curvature& curvature) {
  curvature.damping *= curvature.damping_factor;
  curvature.damping_factor *= 2;
}

}  // namespace

template <class T> Outcome train_levenberg_marquardt(const Training<T>& training, State& state) {
  Outcome outcome;
  Team team(training.plan.threads);
  const std::vector<double>& factors = training.plan.rate_factors;
  FullBatch<T> full(training, team);
  Ledger<T> ledger(training.network, training.objective, training.plan, training.validation, state,
                   outcome, team);
  Watch watch(training.plan, training.network);
  Curvature& curvature = state.curvature;
  const std::size_t n = state.weights.size();
  Lineariser<T> linearise(training, full);
  Linearised here(linearise.rows(), n);
  DampedLeastSquares least_squares(linearise.rows(), n);
  const std::vector<double> penalty = penalties(training);
  std::vector<double> trial(n), diagonal(n), offset(n);

  // The rows of penalty and damping of a parameter, (root of the penalty, that of the penalty times
  // the weight) and (root of the damping times the scale, 0), are turned into one.
  auto damped_step = [&] {
    const double root = std::sqrt(curvature.damping);
    for (std::size_t i = 0; i < n; ++i) {
      const double damped = root * (curvature.scale[i] > 0 ? curvature.scale[i] : 1);
      diagonal[i] = std::sqrt(penalty[i] + damped * damped);
      offset[i] = penalty[i] > 0 ? penalty[i] * state.weights[i] / diagonal[i] : 0;
    }
    return least_squares.solve(here, diagonal, offset);
  };
  // The sum of squares of the linear model, with the penalty, minus that after a step.
  auto predicted_gain = [&](const std::vector<double>& step) {
    double gain = here.squares(n) - here.squares_after(step);
    for (std::size_t i = 0; i < n; ++i)
      gain -= penalty[i] * step[i] * (2 * state.weights[i] + step[i]);
    return 0.5 * gain;
  };

  // Tries steps with increasing damping until one lowers the objective. False if none does.
  auto find_step = [&](double value) {
    for (;;) {
      const std::vector<double> step = damped_step();
      for (std::size_t i = 0; i < n; ++i) trial[i] = static_cast<T>(state.weights[i] + step[i]);
      for (std::size_t i = 0; i < factors.size(); ++i)
        if (factors[i] == 0) trial[i] = state.weights[i];
      if (trial == state.weights || curvature.damping > 1e100) {
        outcome.stop = Stop::precision;
        return false;
      }
      const double there = full.at(trial, nullptr, false, outcome.stop).objective;
      curvature.evaluations += 1;
      const bool accepted = std::isfinite(there) && there < value;
      if (accepted) {
        damp_less(curvature, (value - there) / predicted_gain(step));
      } else {
        damp_more(curvature);
      }
      if (watch.ended(training.rows.count * n, outcome.stop) && !accepted) return false;
      if (accepted) return true;
    }
  };

  for (std::size_t iteration = 0; iteration < training.plan.epochs && !outcome.ended();
       ++iteration) {
    linearise.at(state.weights, here);
    const auto value = full.at(state.weights, nullptr, training.plan.count_correct, outcome.stop);
    if (!std::isfinite(value.objective) || !here.is_finite()) {
      outcome.stop = Stop::diverged;
      break;
    }
    curvature.gradient = here.gradient();
    for (std::size_t i = 0; i < n; ++i) curvature.gradient[i] += penalty[i] * state.weights[i];
    curvature.objective = value.objective;
    if (full.relative_gradient(state.weights, curvature.gradient, value.objective) <=
        training.method.gradient_tolerance) {
      outcome.stop = Stop::gradient;
      break;
    }
    curvature.scale.resize(n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
      curvature.scale[i] = std::max(curvature.scale[i], std::sqrt(here.squares(i) + penalty[i]));
    if (curvature.damping == 0) curvature.damping = 1e-3;
    if (!find_step(value.objective)) break;  // the current iteration is discarded
    state.weights = trial;
    state.steps += 1;
    if (ledger.epoch_completed(full.rounded(state.weights), value.data_loss, value.correct))
      outcome.stop = Stop::patience;
  }
  return outcome;
}

template Outcome train_levenberg_marquardt<double>(const Training<double>&, State&);
template Outcome train_levenberg_marquardt<float>(const Training<float>&, State&);

}  // namespace backprop
