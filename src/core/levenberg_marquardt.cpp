// Levenberg-Marquardt for small least-squares problems (Marquardt 1963, doi:10.1137/0111030). The
// step is computed by QR of the stacked Jacobian, with the largest column norms so far as scale
// (More 1978, doi:10.1007/BFb0067700). The damping is updated as in Nielsen (1999).
#include <cmath>

#include "eigen.h"
#include "ledger.h"
#include "objective.h"
#include "train.h"

namespace backprop {

namespace {

// The residuals (outputs minus targets) and their Jacobian, with one row per residual. Each row is
// multiplied by the square root of its weight in the objective.
struct Linearised {
  Eigen::VectorXd residual;
  Eigen::MatrixXd jacobian;
};

// Computes the rows of one piece for output `j`, after the backward pass from this output.
template <class T>
void linearise_output(const Network& network, const Rows<T>& rows, const Pass<T>& pass,
                      double scale, std::size_t first, std::size_t count, std::size_t j,
                      Linearised& made) {
  using Part = typename Pass<T>::Part;
  const std::size_t outputs = network.outputs(), last = network.layers.size() - 1;
  Eigen::MatrixXd& jacobian = made.jacobian;
  for (std::size_t r = 0; r < count; ++r) {
    const double root = std::sqrt(static_cast<double>(rows.weight.data()[first + r]) * scale);
    const std::size_t at = (first + r) * outputs + j;
    const double target = static_cast<double>(rows.y.data()[at]);
    made.residual[at] = root == 0 ? 0 : root * (pass.at(Part::output, last, r, j) - target);
    for (std::size_t l = 0; l <= last; ++l) {
      const Layer& layer = network.layers[l];
      for (std::size_t u = 0; u < layer.units; ++u) {
        const double delta = root == 0 ? 0 : root * pass.at(Part::delta, l, r, u);
        double* row = &jacobian(at, layer.weights_at + u * layer.inputs);
        for (std::size_t k = 0; k < layer.inputs; ++k)
          row[k * jacobian.rows()] = delta * pass.input_at(l, r, k);
        jacobian(at, layer.biases_at + u) = delta;
      }
    }
  }
}

template <class T>
void linearise(const Training<T>& training, FullBatch<T>& full, const std::vector<double>& weights,
               Linearised& made) {
  const Rows<T>& rows = training.rows;
  const std::size_t outputs = training.network.outputs();
  const T* w = full.rounded(weights);
  Pass<T>& pass = full.pass();
  for_each_piece(0, rows.count, [&](std::size_t first, std::size_t count) {
    pass.load(rows, nullptr, first, count);
    pass.forward(w, nullptr);
    for (std::size_t j = 0; j < outputs; ++j) {
      pass.start_from_output(j);
      pass.backward(w);
      linearise_output(training.network, rows, pass, full.scale(), first, count, j, made);
    }
  });
  // penalty / 2 * w^2 is half the square of an additional residual for each weight
  const double root = std::sqrt(training.objective.penalty);
  Eigen::Index at = rows.count * outputs;
  if (root > 0)
    for_each_weight(training.network, weights.data(), [&](std::size_t i, double weight) {
      made.jacobian.row(at).setZero();
      made.jacobian(at, i) = root;
      made.residual[at++] = root * weight;
    });
  for (std::size_t i = 0; i < training.plan.rate_factors.size(); ++i)
    if (training.plan.rate_factors[i] == 0) made.jacobian.col(i).setZero();
}

template <class T> Eigen::Index count_residuals(const Training<T>& training) {
  Eigen::Index count = training.rows.count * training.network.outputs();
  if (training.objective.penalty > 0)
    for (const Layer& layer : training.network.layers) count += layer.weights();
  return count;
}

// Computes the damped step: the least-squares solution with the rows sqrt(damping) * diag(scale)
// below the Jacobian.
class DampedStep {
 public:
  DampedStep(Eigen::Index residuals, Eigen::Index parameters)
      : stacked_(residuals + parameters, parameters), right_(residuals + parameters) {}
  Eigen::VectorXd solve(const Linearised& at, const Curvature& curvature) {
    const Eigen::Index m = at.jacobian.rows(), n = at.jacobian.cols();
    const double root = std::sqrt(curvature.damping);
    stacked_.topRows(m) = at.jacobian;
    stacked_.bottomRows(n).setZero();
    for (Eigen::Index i = 0; i < n; ++i)
      stacked_(m + i, i) = root * (curvature.scale[i] > 0 ? curvature.scale[i] : 1);
    right_.head(m) = -at.residual;
    right_.tail(n).setZero();
    return stacked_.householderQr().solve(right_);
  }

 private:
  Eigen::MatrixXd stacked_;
  Eigen::VectorXd right_;
};

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
  const Eigen::Index n = state.weights.size(), m = count_residuals(training);
  Linearised here{Eigen::VectorXd(m), Eigen::MatrixXd(m, n)};
  DampedStep damped(m, n);
  std::vector<double> trial(n);

  // Tries steps with increasing damping until one lowers the objective. False if none does.
  auto find_step = [&](double value) {
    for (;;) {
      const Eigen::VectorXd step = damped.solve(here, curvature);
      for (Eigen::Index i = 0; i < n; ++i) trial[i] = static_cast<T>(state.weights[i] + step[i]);
      for (std::size_t i = 0; i < factors.size(); ++i)
        if (factors[i] == 0) trial[i] = state.weights[i];
      if (trial == state.weights || curvature.damping > 1e100) {
        outcome.stop = Stop::precision;
        return false;
      }
      const double there = full.at(trial, nullptr, false, outcome.stop).objective;
      curvature.evaluations += 1;
      const double predicted = 0.5 * (here.residual.squaredNorm() -
                                      (here.residual + here.jacobian * step).squaredNorm());
      const bool accepted = std::isfinite(there) && there < value;
      if (accepted) {
        damp_less(curvature, (value - there) / predicted);
      } else {
        damp_more(curvature);
      }
      if (watch.ended(training.rows.count * static_cast<std::size_t>(n), outcome.stop) && !accepted)
        return false;
      if (accepted) return true;
    }
  };

  for (std::size_t iteration = 0; iteration < training.plan.epochs && !outcome.ended();
       ++iteration) {
    linearise(training, full, state.weights, here);
    const auto value = full.at(state.weights, nullptr, training.plan.count_correct, outcome.stop);
    if (!std::isfinite(value.objective) || !here.jacobian.allFinite()) {
      outcome.stop = Stop::diverged;
      break;
    }
    const Eigen::VectorXd gradient = here.jacobian.transpose() * here.residual;
    curvature.gradient.assign(gradient.data(), gradient.data() + n);
    curvature.objective = value.objective;
    if (full.relative_gradient(state.weights, curvature.gradient, value.objective) <=
        training.method.gradient_tolerance) {
      outcome.stop = Stop::gradient;
      break;
    }
    curvature.scale.resize(n, 0.0);
    for (Eigen::Index i = 0; i < n; ++i)
      curvature.scale[i] = std::max(curvature.scale[i], here.jacobian.col(i).norm());
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
