// The inputs of a call in R's layouts, and their rows in the core's.
#pragma once
#include "eigen.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bridge_checks.h"
#include "core/rows.h"

namespace backprop {

// The numbers of rows, from 1. None stand for all rows in their order, so that these need no
// memory.
class RowNumbers {
 public:
  RowNumbers() = default;
  explicit RowNumbers(Rcpp::IntegerVector numbers) : all_(false), numbers_(std::move(numbers)) {}
  const Rcpp::IntegerVector& numbers() const { return numbers_; }
  int operator[](std::size_t k) const { return all_ ? static_cast<int>(k) + 1 : numbers_[k]; }
  std::size_t count(std::size_t rows) const { return all_ ? rows : numbers_.size(); }
  // Whether these are all of `rows` rows in their order.
  bool in_order(std::size_t rows) const {
    return all_ || (static_cast<std::size_t>(numbers_.size()) == rows &&
                    std::is_sorted(numbers_.begin(), numbers_.end()));
  }

 private:
  bool all_ = true;
  Rcpp::IntegerVector numbers_;
};

// Rows in a file: a list of R/source-rows.R.
struct StoredInputs {
  std::string path;
  bool single, map;
  std::size_t records, columns;
  Rcpp::Nullable<Rcpp::IntegerVector> which;  // the records of the rows, from 1; NULL for all

  explicit StoredInputs(const Rcpp::List& list)
      : path(Rcpp::as<std::string>(list["file"])),
        single(Rcpp::as<bool>(list["single"])),
        map(Rcpp::as<bool>(list["map"])),
        records(whole(list["records"], 0, most_int, "records")),
        columns(Rcpp::CharacterVector(list["names"]).size()),
        which(list["rows"]) {}
  std::size_t rows() const {
    return which.isNotNull() ? Rcpp::IntegerVector(which).size() : records;
  }
  // The record of a row, both from 0.
  std::size_t record_of(std::size_t row) const {
    if (which.isNull()) return row;
    return static_cast<std::size_t>(Rcpp::IntegerVector(which)[row]) - 1;
  }
  // The rows of these numbers from 1.
  template <class T> StoredRows<T> by_row(const RowNumbers& of) const {
    StoredRows<T> out = all<T>();
    if (which.isNull() && of.in_order(records)) return out;
    const Rcpp::IntegerVector record =
        which.isNotNull() ? Rcpp::IntegerVector(which) : Rcpp::IntegerVector(0);
    out.record.resize(of.count(rows()));
    for (std::size_t k = 0; k < out.record.size(); ++k) {
      const int row = which.isNotNull() ? record[of[k] - 1] : of[k];
      require(row >= 1 && static_cast<std::size_t>(row) <= records,
              "A row number is out of range.");
      out.record[k] = row - 1;
    }
    return out;
  }
  template <class T> StoredRows<T> all() const {
    require(single == (sizeof(T) == 4), "The rows are stored at the other precision.");
    StoredRows<T> out;
    out.file = std::make_shared<StoredFile>(path, map);
    out.width = columns;
    if (out.file->size() != out.place(records))
      throw FileError("The file '" + path + "' does not have the rows that were written to it.");
    return out;
  }
  // Calls f(rows, first, count, places) for blocks of the rows in order, with pointers to them.
  template <class T, class F> void each_block(F&& f) const {
    StoredRows<T> from = all<T>();
    const Rcpp::IntegerVector record =
        which.isNotNull() ? Rcpp::IntegerVector(which) : Rcpp::IntegerVector(0);
    const std::size_t at_once =
        std::max<std::size_t>(1, (1u << 18) / std::max(columns, std::size_t{1}));
    std::vector<std::uint32_t> ids(std::min(at_once, rows()));
    std::vector<T> copies;
    std::vector<const T*> places;
    for (std::size_t first = 0; first < rows(); first += at_once) {
      const std::size_t count = std::min(at_once, rows() - first);
      for (std::size_t k = 0; k < count; ++k)
        ids[k] = which.isNotNull() ? record[first + k] - 1 : first + k;
      for (std::size_t k = 0; k < count; ++k)
        require(ids[k] < records, "A row number is out of range.");
      from.locate(ids.data(), count, copies, places);
      f(first, count, places);
      Rcpp::checkUserInterrupt();
    }
  }
};

// Reads blocks of stored rows as column-major matrices.
class StoredReader {
 public:
  explicit StoredReader(const StoredInputs& from) {
    if (from.single)
      rows_ = from.by_row<float>(RowNumbers());
    else
      rows_ = from.by_row<double>(RowNumbers());
  }
  void read(std::size_t first, std::size_t count, std::vector<double>& block) {
    ids_.resize(count);
    for (std::size_t k = 0; k < count; ++k) ids_[k] = static_cast<std::uint32_t>(first + k);
    std::visit(
        [&](const auto& rows) {
          using T = std::decay_t<decltype(rows.record_of(0), number_of(rows))>;
          std::vector<T> copies;
          std::vector<const T*> places;
          rows.locate(ids_.data(), count, copies, places);
          block.resize(count * rows.width);
          for (std::size_t k = 0; k < count; ++k)
            for (std::size_t c = 0; c < rows.width; ++c) block[c * count + k] = places[k][c];
        },
        rows_);
  }

 private:
  template <class T> static T number_of(const StoredRows<T>&) { return T(); }
  std::variant<StoredRows<double>, StoredRows<float>> rows_;
  std::vector<std::uint32_t> ids_;
};

// Coded rows: a list of R/data-coded.R.
struct CodedInputs {
  Rcpp::NumericMatrix numbers;
  Rcpp::IntegerVector columns;
  std::vector<Rcpp::IntegerVector> codes, mixed_columns;
  std::vector<Rcpp::NumericVector> mixed_values;
  Rcpp::NumericVector on, common;

  explicit CodedInputs(const Rcpp::List& list)
      : numbers(Rcpp::as<Rcpp::NumericMatrix>(list["numbers"])),
        columns(Rcpp::as<Rcpp::IntegerVector>(list["columns"])),
        on(Rcpp::as<Rcpp::NumericVector>(list["on"])),
        common(Rcpp::as<Rcpp::NumericVector>(list["common"])) {
    constexpr const char* invalid = "The coded matrix is invalid.";
    const R_xlen_t p = on.size();
    require(columns.size() == numbers.ncol() && p == common.size() &&
                p <= static_cast<R_xlen_t>(most_int),
            invalid);
    for (const int column : columns) require(column >= 1 && column <= p, invalid);
    for (SEXP one : Rcpp::List(list["mixed"])) {
      const Rcpp::List mixture(one);
      mixed_columns.push_back(Rcpp::as<Rcpp::IntegerVector>(mixture["columns"]));
      mixed_values.push_back(Rcpp::as<Rcpp::NumericVector>(mixture["values"]));
      require(mixed_columns.back().size() == mixed_values.back().size(), invalid);
      for (const int column : mixed_columns.back()) require(column >= 1 && column <= p, invalid);
    }
    const auto mixtures = static_cast<R_xlen_t>(mixed_columns.size());
    for (SEXP one : Rcpp::List(list["codes"])) {
      codes.emplace_back(one);
      require(codes.back().size() == numbers.nrow(), invalid);
      for (const int code : codes.back()) require(code >= -mixtures && code <= p, invalid);
    }
  }
  // Rows which[0], which[1], ..., counted from 1.
  template <class T> SparseRows<T> by_row(const Rcpp::IntegerVector& which) const {
    SparseRows<T> out;
    out.begin.reserve(which.size() + 1);
    const std::size_t most = which.size() * (columns.size() + codes.size());
    out.columns.reserve(most);
    out.values.reserve(most);
    for (const int row : which) {
      out.begin.push_back(out.columns.size());
      for (R_xlen_t k = 0; k < columns.size(); ++k) {
        out.columns.push_back(columns[k] - 1);
        out.values.push_back(static_cast<T>(numbers(row - 1, k)));
      }
      for (std::size_t k = 0; k < codes.size(); ++k) {
        const int code = codes[k][row - 1];
        if (code > 0) {
          out.columns.push_back(code - 1);
          out.values.push_back(static_cast<T>(on[code - 1]));
        }
        if (code >= 0) continue;
        const std::size_t mixture = -code - 1;
        for (R_xlen_t m = 0; m < mixed_columns[mixture].size(); ++m) {
          out.columns.push_back(mixed_columns[mixture][m] - 1);
          out.values.push_back(static_cast<T>(mixed_values[mixture][m]));
        }
      }
    }
    out.begin.push_back(out.columns.size());
    out.common.assign(common.begin(), common.end());
    return out;
  }
};

// Inputs in R's layout: a numeric matrix, or a dgCMatrix of package Matrix, or rows in a file, or
// coded rows.
// Column c of a dgCMatrix has the values x[p[c]], ..., x[p[c + 1] - 1] in rows i[p[c]], ...,
// i[p[c + 1] - 1].
struct Inputs {
  std::unique_ptr<CodedInputs> code;
  bool sparse;  // including coded rows
  std::unique_ptr<StoredInputs> stored;
  Rcpp::NumericMatrix dense;
  Rcpp::IntegerVector i, p;
  Rcpp::NumericVector x;
  int rows, columns;

  explicit Inputs(SEXP X)
      : code(Rf_inherits(X, "nn_coded") ? std::make_unique<CodedInputs>(Rcpp::List(X)) : nullptr),
        sparse(code || Rf_isS4(X)),
        stored(TYPEOF(X) == VECSXP && !code ? std::make_unique<StoredInputs>(Rcpp::List(X))
                                            : nullptr),
        dense(sparse || stored ? Rcpp::NumericMatrix(0, 0) : Rcpp::NumericMatrix(X)),
        rows(stored ? stored->rows()
             : code ? code->numbers.nrow()
                    : dense.nrow()),
        columns(stored ? stored->columns
                : code ? static_cast<int>(code->on.size())
                       : dense.ncol()) {
    if (!sparse || code) return;
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

  bool coded() const { return code != nullptr; }

  // Rows which[0], which[1], ...; indices are 1-based and unique.
  template <class T> SparseRows<T> by_row(const Rcpp::IntegerVector& which) const {
    if (code) return code->by_row<T>(which);
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
