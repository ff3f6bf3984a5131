// Sums over the processes that train together. Each has a part of the rows of every batch and all
// parameters: the processes add up what they computed from their rows, and each makes the same
// update. Inner products of parameters, as in L-BFGS, need no communication.
#pragma once
#include <initializer_list>
#include <vector>

#include "denormals.h"
#include "train.h"

namespace backprop {

template <class T> class Sums {
 public:
  Sums(const Plan& plan, std::size_t parameters) : add_up_(plan.sum), parameters_(parameters) {}

  bool alone() const { return !add_up_; }

  // Replaces the gradient (or nullptr) and the numbers by their sums over the processes, which may
  // have different reasons to stop: afterwards all of them have the same one.
  void add_up(T* gradient, std::initializer_list<double*> numbers, Stop& stop) {
    if (alone()) return;
    const std::size_t parameters = gradient ? parameters_ : 0;
    message_.assign(gradient, gradient + parameters);
    for (const double* number : numbers) message_.push_back(*number);
    message_.push_back(stop == Stop::time);
    message_.push_back(stop == Stop::interrupted);
    const KeepDenormals keep;  // R may be called
    if (!add_up_(message_.data(), message_.size())) {
      stop = Stop::interrupted;
      return;
    }
    for (std::size_t i = 0; i < parameters; ++i) gradient[i] = static_cast<T>(message_[i]);
    const double* next = message_.data() + parameters;
    for (double* number : numbers) *number = *next++;
    if (next[1] > 0) {
      stop = Stop::interrupted;
    } else if (next[0] > 0) {
      stop = Stop::time;
    }
  }

 private:
  bool (*add_up_)(double*, std::size_t);
  std::size_t parameters_;
  std::vector<double> message_;
};

}  // namespace backprop
