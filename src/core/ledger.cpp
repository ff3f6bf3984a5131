#include "ledger.h"

#include "objective.h"

namespace backprop {

template <class T>
Ledger<T>::Ledger(const Network& network, const Objective& objective, const Plan& plan,
                  const Rows<T>* validation, State& state, Outcome& outcome, Team& team)
    : objective_(objective),
      plan_(plan),
      validation_(validation),
      state_(state),
      outcome_(outcome),
      validation_pass_(validation ? std::make_unique<Pass<T>>(network, validation->count, false,
                                                              false, team, validation->coded())
                                  : nullptr),
      sums_(plan, network.parameters()) {
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
      const double loss = piece_loss<T>(*validation_pass_, objective_, weights, *validation_, first,
                                        count, nullptr);
      sum = add_losses(sum, loss);
      if (plan_.count_correct) right += validation_pass_->correct();
    });
    sums_.add_up(nullptr, {&sum, &right}, outcome_.stop);
    monitor = mean_loss(sum, validation_->total_weight);
    outcome_.validation_loss.push_back(monitor);
    if (plan_.count_correct)
      outcome_.validation_correct.push_back(right / validation_->total_case_weight);
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
  if (is_interrupted()) {
    stop = Stop::interrupted;
    return true;
  }
  if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() <
      plan_.seconds)
    return false;
  stop = Stop::time;
  return true;
}

bool Watch::is_interrupted() const {
  if (!plan_.interrupted) return false;
  const KeepDenormals keep;  // R may run handlers of events
  return plan_.interrupted();
}

template class Ledger<double>;
template class Ledger<float>;

}  // namespace backprop
