// R functions as activations and losses of the core.
#pragma once
#include "eigen.h"

#include <exception>
#include <memory>

#include "core/custom.h"

namespace backprop {

// What went wrong in an R function during a call of the core. It must outlive the network and the
// objective that refer to it.
struct CustomFailure {
  Rcpp::RObject condition, signal;
  std::exception_ptr exception;
  bool failed() const { return exception || !condition.isNULL(); }
  // Signals it as an R condition, after the call of the core.
  void raise() const;
};

std::shared_ptr<CustomActivation> custom_activation(const Rcpp::List& list, CustomFailure& failure);
std::shared_ptr<CustomLoss> custom_loss(const Rcpp::List& list, CustomFailure& failure);

}  // namespace backprop
