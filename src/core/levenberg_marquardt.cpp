// Levenberg-Marquardt for small least squares (Marquardt 1963, doi:10.1137/0111030), the step by QR
// of the stacked Jacobian, scaled by the largest column norms so far (More 1978,
// doi:10.1007/BFb0067700), the damping after Nielsen (1999).
#include <cmath>

#include "eigen.h"
#include "train.h"

namespace backprop {

namespace {

// Residuals (outputs minus targets) and their Jacobian, each row scaled by the root of its share in
// the objective.
template <class T>
void linearise(const Network& network, const Objective& objective, const Rows<T>& rows,
               FullBatch<T>& full, const std::vector<double>& weights, Eigen::MatrixXd& jacobian,
               Eigen::VectorXd& residual) {
  const T* w = full.rounded(weights);
  Pass<T>& pass = full.pass();
  const std::size_t outputs = network.outputs(), last = network.layers() - 1;
  using Part = typename Pass<T>::Part;
  for_each_piece(0, rows.count, [&](std::size_t first, std::size_t count) {
    pass.load(rows, nullptr, first, count);
    pass.forward(w, nullptr);
    for (std::size_t j = 0; j < outputs; ++j) {
      pass.take_delta_of_output(j);
      pass.backward(w);
      for (std::size_t r = 0; r < count; ++r) {
        const double root =
            std::sqrt(static_cast<double>(rows.weight.data()[first + r]) * full.scale());
        const Eigen::Index at = (first + r) * outputs + j;
        residual[at] = root == 0
                           ? 0
                           : root * (pass.at(Part::output, last, r, j) -
                                     static_cast<double>(rows.y.data()[(first + r) * outputs + j]));
        for (std::size_t l = 0; l <= last; ++l)
          for (std::size_t u = 0; u < network.units[l + 1]; ++u) {
            const double delta = root == 0 ? 0 : root * pass.at(Part::delta, l, r, u);
            double* row = &jacobian(at, network.weights_at(l) + u * network.units[l]);
            for (std::size_t k = 0; k < network.units[l]; ++k)
              row[k * jacobian.rows()] = delta * pass.input_at(l, r, k);
            jacobian(at, network.biases_at(l) + u) = delta;
          }
      }
    }
  });
  // penalty / 2 * w^2 is half the square of one more residual for each weight
  Eigen::Index at = rows.count * outputs;
  if (objective.penalty > 0)
    for (std::size_t l = 0; l <= last; ++l)
      for (std::size_t i = network.weights_at(l); i < network.biases_at(l); ++i, ++at) {
        jacobian.row(at).setZero();
        jacobian(at, i) = std::sqrt(objective.penalty);
        residual[at] = std::sqrt(objective.penalty) * weights[i];
      }
}

}  // namespace

template <class T>
Outcome train_levenberg_marquardt(const Network& network, const Objective& objective,
                                  const Method& method, const Plan& plan, const Rows<T>& rows,
                                  const Rows<T>* validation, State& state) {
  Outcome outcome;
  Team team(plan.threads);
  FullBatch<T> full(network, objective, rows, team);
  Ledger<T> ledger(network, objective, plan, validation, state, outcome, team);
  Watch watch(plan, network);
  const Eigen::Index n = state.weights.size();
  Eigen::Index weights_only = 0;
  for (std::size_t l = 0; l < network.layers(); ++l)
    weights_only += network.biases_at(l) - network.weights_at(l);
  const Eigen::Index m =
      rows.count * network.outputs() + (objective.penalty > 0 ? weights_only : 0);
  Eigen::MatrixXd jacobian(m, n), stacked(m + n, n);
  Eigen::VectorXd residual(m), right(m + n);
  std::vector<double> trial(n);

  for (std::size_t iteration = 0; iteration < plan.epochs && outcome.stop == Stop::epochs;
       ++iteration) {
    linearise(network, objective, rows, full, state.weights, jacobian, residual);
    const auto here = full.at(state.weights, nullptr, plan.count_correct);
    if (!std::isfinite(here.objective) || !jacobian.allFinite()) {
      outcome.stop = Stop::diverged;
      break;
    }
    const Eigen::VectorXd gradient = jacobian.transpose() * residual;
    state.gradient.assign(gradient.data(), gradient.data() + n);
    state.objective = here.objective;
    if (full.relative_gradient(state.weights, state.gradient, here.objective) <=
        method.gradient_tolerance) {
      outcome.stop = Stop::gradient;
      break;
    }
    state.scale.resize(n, 0.0);
    for (Eigen::Index i = 0; i < n; ++i)
      state.scale[i] = std::max(state.scale[i], jacobian.col(i).norm());
    if (state.damping == 0) state.damping = 1e-3;
    bool took_step = false;
    for (bool accepted = false; !accepted;) {
      stacked.topRows(m) = jacobian;
      stacked.bottomRows(n).setZero();
      for (Eigen::Index i = 0; i < n; ++i)
        stacked(m + i, i) = std::sqrt(state.damping) * (state.scale[i] > 0 ? state.scale[i] : 1);
      right.head(m) = -residual;
      right.tail(n).setZero();
      const Eigen::VectorXd step = stacked.householderQr().solve(right);
      bool same = true;
      for (Eigen::Index i = 0; i < n; ++i) {
        trial[i] = static_cast<T>(state.weights[i] + step[i]);
        same = same && trial[i] == state.weights[i];
      }
      if (same || state.damping > 1e100) {
        outcome.stop = Stop::precision;
        break;
      }
      const double there = full.at(trial, nullptr, false).objective;
      state.evaluations += 1;
      const double predicted =
          0.5 * (residual.squaredNorm() - (residual + jacobian * step).squaredNorm());
      const double gain = (here.objective - there) / predicted;
      accepted = std::isfinite(there) && there < here.objective;
      took_step = accepted;
      if (accepted) {
        state.damping *= std::max(1.0 / 3, 1 - std::pow(2 * gain - 1, 3));
        state.damping_factor = 2;
      } else {
        state.damping *= state.damping_factor;
        state.damping_factor *= 2;
      }
      if (watch.ended(rows.count * static_cast<std::size_t>(n), outcome.stop) && !accepted) break;
    }
    if (outcome.stop == Stop::precision || !took_step)
      break;  // the iteration under way is not counted
    state.weights = trial;
    state.steps += 1;
    if (ledger.epoch_completed(full.rounded(state.weights), here.data_loss, here.correct))
      outcome.stop = Stop::patience;
  }
  return outcome;
}

template Outcome train_levenberg_marquardt<double>(const Network&, const Objective&, const Method&,
                                                   const Plan&, const Rows<double>&,
                                                   const Rows<double>*, State&);
template Outcome train_levenberg_marquardt<float>(const Network&, const Objective&, const Method&,
                                                  const Plan&, const Rows<float>&,
                                                  const Rows<float>*, State&);

}  // namespace backprop
