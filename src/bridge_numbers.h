// Numbers of rows, such as weights and offsets, which are read one row after the other.
#pragma once
#include "eigen.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "bridge_inputs.h"

namespace backprop {

// Rows in a file one after the other. A part of them is in memory at a time.
class StoredInOrder {
 public:
  StoredInOrder(const StoredInputs& from, RowNumbers which)
      : count_(which.count(from.rows())),
        from_(from),
        which_(std::move(which)),
        rows_(from.all<double>()) {}
  double operator()(std::size_t i, std::size_t c) {
    if (i < begin_ || i - begin_ >= places_.size()) read(i);
    return places_[i - begin_][c];
  }

 private:
  void read(std::size_t begin) {
    const std::size_t columns = std::max<std::size_t>(1, rows_.width),
                      most = std::max<std::size_t>(1, (1u << 16) / columns);
    begin_ = begin;
    ids_.resize(std::min(count_ - begin, most));
    for (std::size_t k = 0; k < ids_.size(); ++k) {
      const std::size_t record = from_.record_of(which_[begin + k] - 1);
      require(record < from_.records, "A row number is out of range.");
      ids_[k] = static_cast<std::uint32_t>(record);
    }
    rows_.locate(ids_.data(), ids_.size(), copies_, places_);
  }
  std::size_t count_, begin_ = 0;
  const StoredInputs& from_;
  RowNumbers which_;
  StoredRows<double> rows_;
  std::vector<std::uint32_t> ids_;
  std::vector<double> copies_;
  std::vector<const double*> places_;
};

// A vector or a matrix of R, or rows in a file (R's list `nn_numbers`). NULL has no rows.
struct Numbers {
  std::unique_ptr<StoredInputs> stored;
  Rcpp::NumericVector values;
  std::size_t rows = 0, columns = 1;

  explicit Numbers(SEXP x) {
    if (TYPEOF(x) == VECSXP) {
      stored = std::make_unique<StoredInputs>(Rcpp::List(x));
      rows = stored->rows();
      columns = stored->columns;
    } else if (!Rf_isNull(x)) {
      values = Rcpp::NumericVector(x);
      if (Rf_isMatrix(x)) columns = static_cast<std::size_t>(Rf_ncols(x));
      rows = columns > 0 ? values.size() / columns : 0;
    }
  }
};

// The numbers of some rows one after the other.
class NumbersInOrder {
 public:
  NumbersInOrder(const Numbers& from, RowNumbers which) : from_(from), which_(std::move(which)) {
    if (from.stored) stored_ = std::make_unique<StoredInOrder>(*from.stored, which_);
  }
  double operator()(std::size_t i, std::size_t c = 0) {
    if (stored_) return (*stored_)(i, c);
    return from_.values[which_[i] - 1 + c * from_.rows];
  }

 private:
  const Numbers& from_;
  RowNumbers which_;
  std::unique_ptr<StoredInOrder> stored_;
};

}  // namespace backprop
