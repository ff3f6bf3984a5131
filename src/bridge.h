// The bridge_*.cpp files are the only hand-written ones that use R. They convert between R's lists
// and matrices and the core's structs. They have a prefix instead of a folder because Rcpp looks
// for functions to export in src/ only.
#pragma once
#include "eigen.h"

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

// Inputs in R's layout: a numeric matrix, or a dgCMatrix of package Matrix. Column c of the latter
// has the values x[p[c]], ..., x[p[c + 1] - 1] in rows i[p[c]], ..., i[p[c + 1] - 1].
struct Inputs {
  bool sparse;
  Rcpp::NumericMatrix dense;
  Rcpp::IntegerVector i, p;
  Rcpp::NumericVector x;
  int rows, columns;

  explicit Inputs(SEXP X)
      : sparse(Rf_isS4(X)),
        dense(sparse ? Rcpp::NumericMatrix(0, 0) : Rcpp::NumericMatrix(X)),
        rows(dense.nrow()),
        columns(dense.ncol()) {
    if (!sparse) return;
    const Rcpp::S4 object(X);
    i = object.slot("i");
    p = object.slot("p");
    x = object.slot("x");
    const Rcpp::IntegerVector size = object.slot("Dim");
    require(size.size() == 2, "The sparse matrix is invalid.");
    rows = size[0];
    columns = size[1];
    check_sparse(i, p, x, rows, columns);
  }

  // Rows which[0], which[1], ...; indices are 1-based and unique.
  template <class T> SparseRows<T> by_row(const Rcpp::IntegerVector& which) const {
    constexpr std::size_t excluded = -1;
    std::vector<std::size_t> place(rows, excluded);
    for (R_xlen_t k = 0; k < which.size(); ++k) place[which[k] - 1] = k;
    SparseRows<T> out;
    out.begin.resize(which.size() + 1);
    const int count = p[columns];
    for (int k = 0; k < count; ++k)
      if (place[i[k]] != excluded) ++out.begin[place[i[k]] + 1];
    for (R_xlen_t r = 0; r < which.size(); ++r) out.begin[r + 1] += out.begin[r];
    out.columns.resize(out.begin.back());
    out.values.resize(out.begin.back());
    std::vector<std::size_t> next(out.begin.begin(), out.begin.end() - 1);
    for (int c = 0; c < columns; ++c)
      for (int k = p[c]; k < p[c + 1]; ++k) {
        const std::size_t row = place[i[k]];
        if (row == excluded) continue;
        out.columns[next[row]] = c;
        out.values[next[row]++] = static_cast<T>(x[k]);
      }
    return out;
  }
};

}  // namespace backprop
