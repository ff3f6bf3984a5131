// The bridge_*.cpp files are the only hand-written ones that use R. They convert between R's lists
// and matrices and the core's structs. They have a prefix instead of a folder because Rcpp looks
// for functions to export in src/ only.
#pragma once
#include "eigen.h"

#include <algorithm>
#include <string>
#include <variant>

#include "bridge_checks.h"
#include "bridge_custom.h"
#include "core/pass.h"
#include "core/tables.h"
#include "core/train.h"

namespace backprop {

// The row of a table with this name. `what` describes the kind of row in the error.
template <class Row> Row row_for(const Rcpp::RObject& name, const char* what) {
  const std::string text = Rcpp::as<std::string>(name);
  const auto row = row_named<Row>(text);
  if (!row) Rcpp::stop("Unknown %s: '%s'.", what, text);
  return *row;
}

// Without `check_size`, numbers of parameters may be too large for the core: for estimates of
// memory. Custom activations and losses require `failure`.
Network as_network(const Rcpp::List& layers, bool check_size = true,
                   CustomFailure* failure = nullptr);
Objective as_objective(const Rcpp::List& list, const Network& network,
                       CustomFailure* failure = nullptr);
Method as_method(const Rcpp::List& list);
Plan as_plan(const Rcpp::List& list);
bool poll_interrupt();
bool sum_over_processes(double* numbers, std::size_t count);
Key as_key(const Rcpp::NumericVector& seed);
State as_state(const Rcpp::List& list, const Method& method, const Network& network);
Rcpp::List as_list(const State& state, const Method& method);

template <class T> Buffer<T> as_buffer(const Rcpp::NumericVector& numbers) {
  Buffer<T> buffer(numbers.size());
  std::copy(numbers.begin(), numbers.end(), buffer.data());
  return buffer;
}
template <class T> Rcpp::NumericVector as_numeric(const Buffer<T>& numbers, std::size_t count) {
  return Rcpp::NumericVector(numbers.data(), numbers.data() + count);
}

template <class T>
Buffer<T> as_weights(const Rcpp::NumericVector& weights, const Network& network) {
  if (static_cast<std::size_t>(weights.size()) != network.parameters())
    Rcpp::stop("The network has %d parameters, but %d numbers were supplied.", network.parameters(),
               weights.size());
  return as_buffer<T>(weights);
}

// Calls f(0.0f) or f(0.0), so that f can deduce the precision.
template <class F> auto at_precision(bool single, F&& f) { return single ? f(0.0f) : f(0.0); }

// Data at either precision. Lives as long as one call of an R function; a fit never stores it.
using AnyRows = std::variant<Rows<double>, Rows<float>>;
using RowsPointer = Rcpp::XPtr<AnyRows>;

}  // namespace backprop
