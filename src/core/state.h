// The state of training between chunks, and the list of its fields, which is used for reading,
// writing and checking. Numbers of either precision are stored as double without loss.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

namespace backprop {

// The incomplete epoch: number of batches done, and their sums.
struct UnderWay {
  std::size_t batch = 0;
  double loss = 0, weight = 0, correct = 0;
};

// What second-order methods store about the current point, so that nothing is computed again.
struct Curvature {
  std::vector<double> gradient;  // of the objective; empty before the first evaluation
  // lbfgs: steps and changes of the gradient, one column per pair, the oldest first
  std::vector<double> steps, gradient_changes;
  std::vector<double> scale;            // levenberg_marquardt: the largest column norms so far
  double objective = 0, data_loss = 0;  // data_loss: the loss per unit of weight without penalty
  double correct = 0;                   // the fraction of correct classes
  double evaluations = 0;
  double damping = 0, damping_factor = 2;  // levenberg_marquardt: lambda, and its growth factor
};

struct State {
  std::vector<double> weights, moment, moment2;
  double steps = 0;         // number of updates
  std::uint32_t epoch = 0;  // epochs completed
  UnderWay under_way;
  std::vector<double> best_weights;  // empty before the first best epoch
  std::uint32_t best_epoch = 0;
  double best_loss = std::numeric_limits<double>::infinity();
  double reference =
      std::numeric_limits<double>::infinity();  // the loss that an improvement is measured from
  double stale = 0;                             // epochs since the last improvement
  Curvature curvature;
};

// The length of a field, in terms of the number of parameters.
enum class Length { one, parameters, moment, moment2, none_or_parameters, pairs };

struct Sizes {
  std::size_t parameters;
  int moments;  // that the rule stores for each parameter

  bool fit(Length length, std::size_t count) const {
    switch (length) {
      case Length::one: return count == 1;
      case Length::parameters: return count == parameters;
      case Length::moment: return count == (moments > 0 ? parameters : 0);
      case Length::moment2: return count == (moments > 1 ? parameters : 0);
      case Length::none_or_parameters: return count == 0 || count == parameters;
      case Length::pairs: return count % parameters == 0;
    }
    return false;
  }
};

// Calls visit(name, field, length) for each field. R has the same list in R/fit-state.R.
template <class SomeState, class Visit> void visit_state(SomeState& state, Visit&& visit) {
  visit("weights", state.weights, Length::parameters);
  visit("moment", state.moment, Length::moment);
  visit("moment2", state.moment2, Length::moment2);
  visit("steps", state.steps, Length::one);
  visit("epoch", state.epoch, Length::one);
  visit("best_weights", state.best_weights, Length::none_or_parameters);
  visit("best_epoch", state.best_epoch, Length::one);
  visit("best_loss", state.best_loss, Length::one);
  visit("reference", state.reference, Length::one);
  visit("stale", state.stale, Length::one);
}
template <class SomeUnderWay, class Visit>
void visit_under_way(SomeUnderWay& under_way, Visit&& visit) {
  visit("batch", under_way.batch, Length::one);
  visit("loss", under_way.loss, Length::one);
  visit("weight", under_way.weight, Length::one);
  visit("correct", under_way.correct, Length::one);
}
template <class SomeCurvature, class Visit>
void visit_curvature(SomeCurvature& curvature, Visit&& visit) {
  visit("gradient", curvature.gradient, Length::none_or_parameters);
  visit("s", curvature.steps, Length::pairs);
  visit("y", curvature.gradient_changes, Length::pairs);
  visit("scale", curvature.scale, Length::none_or_parameters);
  visit("objective", curvature.objective, Length::one);
  visit("data_loss", curvature.data_loss, Length::one);
  visit("correct", curvature.correct, Length::one);
  visit("evaluations", curvature.evaluations, Length::one);
  visit("damping", curvature.damping, Length::one);
  visit("damping_factor", curvature.damping_factor, Length::one);
}

}  // namespace backprop
