// Checks of what R passes to the core, made for every call: the core relies on these sizes and
// counters without checking them. R's own checks come first and have better messages; these protect
// memory, whatever a fit contains and whoever calls.
#pragma once
#include "eigen.h"

#include <cmath>

#include "core/rows.h"
#include "core/train.h"

namespace backprop {

inline void require(bool ok, const char* what) {
  if (!ok) Rcpp::stop("%s", what);
}

constexpr double most_32_bits = 4294967295.0, most_int = 2147483647.0;

// A whole number between `least` and `most`, which a conversion to an integer type can't change.
inline double whole(double x, double least, double most, const char* name) {
  if (!(x >= least && x <= most) || x != std::floor(x))
    Rcpp::stop("'%s' must be a whole number between %.0f and %.0f.", name, least, most);
  return x;
}

// A dgCMatrix: its slots may have been changed by hand.
inline void check_sparse(const Rcpp::IntegerVector& i, const Rcpp::IntegerVector& p,
                         const Rcpp::NumericVector& x, int rows, int columns) {
  constexpr const char* invalid = "The sparse matrix is invalid.";
  require(rows >= 0 && columns >= 0 && p.size() == R_xlen_t{columns} + 1 && p[0] == 0, invalid);
  for (int c = 0; c < columns; ++c) require(p[c] <= p[c + 1], invalid);
  require(p[columns] <= i.size() && p[columns] <= x.size(), invalid);
  for (int k = 0; k < p[columns]; ++k) require(i[k] >= 0 && i[k] < rows, invalid);
}

// Numbers of rows, counted from 1.
inline void check_row_numbers(const Rcpp::IntegerVector& which, int rows) {
  for (const int row : which) require(row >= 1 && row <= rows, "A row number is out of range.");
}

inline void check_offset(const Rcpp::NumericMatrix& offset, int rows, std::size_t outputs) {
  require(offset.nrow() == rows && static_cast<std::size_t>(offset.ncol()) == outputs,
          "There must be an offset for each row and output.");
}

template <class T> void check_rows(const Rows<T>& rows, const Network& network) {
  require(rows.inputs == network.inputs(), "The data must have a column for each input.");
  require(rows.outputs == network.outputs(), "The targets must have a column for each output.");
}

template <class T> void check_training(const Training<T>& training, const State& state) {
  const Plan& plan = training.plan;
  check_rows(training.rows, training.network);
  if (training.validation) check_rows(*training.validation, training.network);
  require(plan.batch_size >= 1 && plan.batch_size <= training.rows.all,
          "The batch size must be between 1 and the number of rows.");
  const std::size_t batches = (training.rows.all + plan.batch_size - 1) / plan.batch_size;
  const bool in_batches = training.method.family == Family::first_order;
  require(state.under_way.batch < (in_batches ? batches : 1),
          "The epoch under way must have batches left.");
  require(state.under_way.batch == 0 || state.under_way.weight > 0,
          "The batches of the epoch under way must have weight.");
  require(static_cast<double>(state.epoch) + static_cast<double>(plan.epochs) <= most_32_bits,
          "The number of epochs is too large.");
  require(training.rows.all <= static_cast<std::size_t>(most_int), "There are too many rows.");
  require(plan.rates.size() == 1 || plan.rates.size() == plan.epochs,
          "There must be one learning rate, or one for each epoch.");
  require(plan.dropout.empty() || plan.dropout.size() + 1 == training.network.layers.size(),
          "There must be a dropout rate for each hidden layer.");
  require(plan.rate_factors.empty() || plan.rate_factors.size() == training.network.parameters(),
          "There must be a factor of the learning rate for each parameter.");
  require(state.curvature.steps.size() == state.curvature.gradient_changes.size(),
          "The state must have as many steps as changes of the gradient.");
}

}  // namespace backprop
