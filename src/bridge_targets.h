// The targets of a call in R's layouts.
#pragma once
#include "eigen.h"

#include "bridge_inputs.h"

namespace backprop {

// The targets of rows: a numeric matrix, numbers in a file, or the classes of rows (R's list
// `nn_indicators`), from which the columns are computed.
struct Targets {
  std::unique_ptr<StoredInputs> stored;
  Rcpp::NumericMatrix numbers;
  Rcpp::IntegerVector classes;
  ClassTargets of_class;
  std::size_t rows, columns;

  explicit Targets(SEXP y) {
    if (Rf_inherits(y, "nn_rows")) {
      stored = std::make_unique<StoredInputs>(Rcpp::List(y));
      rows = stored->rows();
      columns = stored->columns;
    } else if (TYPEOF(y) == VECSXP) {
      const Rcpp::List list(y);
      classes = list["classes"];
      of_class.above = Rcpp::as<bool>(list["above"]);
      of_class.first = whole(list["first"], 1, 2, "first");
      rows = classes.size();
      columns = whole(list["columns"], 1, most_int, "columns");
    } else {
      numbers = Rcpp::NumericMatrix(y);
      rows = numbers.nrow();
      columns = numbers.ncol();
    }
  }
  double operator()(std::size_t r, std::size_t c) const {
    return classes.size() ? of_class(classes[r], c) : numbers(r, c);
  }
};

}  // namespace backprop
