// What every method does beside its steps: keeping the books at the end of an epoch, and asking
// whether to go on.
#pragma once
#include <chrono>
#include <memory>

#include "train.h"

namespace backprop {

// The end of each epoch: history, validation, the best weights, patience.
template <class T> class Ledger {
 public:
  Ledger(const Network& network, const Objective& objective, const Plan& plan,
         const Rows<T>* validation, State& state, Outcome& outcome, Team& team);
  // True where patience has run out.
  bool epoch_completed(const T* weights, double loss, double correct);

 private:
  const Objective& objective_;
  const Plan& plan_;
  const Rows<T>* validation_;
  State& state_;
  Outcome& outcome_;
  std::unique_ptr<Pass<T>> judge_;
};

// Asks now and then whether to go on: time is looked at after some million operations, not at every
// batch.
class Watch {
 public:
  Watch(const Plan& plan, const Network& network);
  // True once the chunk is to end after `rows` more rows; `stop` then says why.
  bool ended(std::size_t rows, Stop& stop);

 private:
  const Plan& plan_;
  double work_of_row_, work_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace backprop
