// What all methods share: the records at the end of each epoch, and the checks for time limit and
// interrupts.
#pragma once
#include <chrono>
#include <memory>

#include "sums.h"
#include "train.h"

namespace backprop {

// Updates the history, the validation loss, the best weights and early stopping after each epoch.
template <class T> class Ledger {
 public:
  Ledger(const Network& network, const Objective& objective, const Plan& plan,
         const Rows<T>* validation, State& state, Outcome& outcome, Team& team);
  // True if early stopping ends training.
  bool epoch_completed(const T* weights, double loss, double correct);

 private:
  const Objective& objective_;
  const Plan& plan_;
  const Rows<T>* validation_;
  State& state_;
  Outcome& outcome_;
  std::unique_ptr<Pass<T>> validation_pass_;
  Sums<T> sums_;
};

// Checks for interrupts and the time limit after every 20 million operations or so.
class Watch {
 public:
  Watch(const Plan& plan, const Network& network);
  // Counts `rows` more rows. True if the chunk must end, with the reason in `stop`.
  bool ended(std::size_t rows, Stop& stop);

 private:
  bool is_interrupted() const;

  const Plan& plan_;
  double work_of_row_, work_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace backprop
