// R functions as activations and losses of the core. They are called on R's own thread. Their
// wrappers in R (R/network-custom.R) return a condition instead of signalling it, and it is
// signalled when the call of the core has ended: an R error must not jump over the core's threads.
#include "bridge_custom.h"

namespace backprop {

namespace {

// Calls `f` with one or two matrices and copies its numbers to `result`; NaN after a failure.
void call(CustomFailure& failure, const Rcpp::Function& f, std::size_t rows, std::size_t units,
          const std::vector<double>& first, const std::vector<double>* second,
          std::vector<double>& result) noexcept {
  try {
    if (!failure.failed()) {
      auto matrix = [&](const std::vector<double>& numbers) {
        return Rcpp::NumericMatrix(static_cast<int>(rows), static_cast<int>(units),
                                   numbers.begin());
      };
      const Rcpp::RObject value = second ? f(matrix(first), matrix(*second)) : f(matrix(first));
      if (TYPEOF(value) == REALSXP &&
          static_cast<std::size_t>(Rf_xlength(value)) == result.size()) {
        std::copy_n(REAL(value), result.size(), result.begin());
        return;
      }
      failure.condition = value;
    }
  } catch (...) {
    failure.exception = std::current_exception();
  }
  std::fill(result.begin(), result.end(), R_NaN);
}

struct Functions {
  Rcpp::Function value, derivative;
  CustomFailure& failure;
  Functions(const Rcpp::List& list, CustomFailure& failure)
      : value(Rcpp::as<Rcpp::Function>(list["value"])),
        derivative(Rcpp::as<Rcpp::Function>(list["derivative"])),
        failure(failure) {
    failure.signal = list["signal"];
  }
};

class RActivation : public CustomActivation, Functions {
 public:
  using Functions::Functions;
  void value(std::size_t rows, std::size_t units, const std::vector<double>& input,
             std::vector<double>& output) noexcept override {
    call(failure, Functions::value, rows, units, input, nullptr, output);
  }
  void slope(std::size_t rows, std::size_t units, const std::vector<double>& input,
             std::vector<double>& slope) noexcept override {
    call(failure, derivative, rows, units, input, nullptr, slope);
  }
};

class RLoss : public CustomLoss, Functions {
 public:
  using Functions::Functions;
  void value(std::size_t rows, std::size_t units, const std::vector<double>& output,
             const std::vector<double>& target, std::vector<double>& losses) noexcept override {
    call(failure, Functions::value, rows, units, output, &target, losses);
  }
  void slope(std::size_t rows, std::size_t units, const std::vector<double>& output,
             const std::vector<double>& target, std::vector<double>& slope) noexcept override {
    call(failure, derivative, rows, units, output, &target, slope);
  }
};

}  // namespace

std::shared_ptr<CustomActivation> custom_activation(const Rcpp::List& list,
                                                    CustomFailure& failure) {
  return std::make_shared<RActivation>(list, failure);
}
std::shared_ptr<CustomLoss> custom_loss(const Rcpp::List& list, CustomFailure& failure) {
  return std::make_shared<RLoss>(list, failure);
}

void CustomFailure::raise() const {
  if (exception) std::rethrow_exception(exception);
  if (!condition.isNULL()) Rcpp::as<Rcpp::Function>(signal)(condition);
}

}  // namespace backprop
