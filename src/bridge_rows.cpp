// Converts R's data to the core's rows.
#include "bridge.h"
#include "bridge_inputs.h"
#include "bridge_numbers.h"
#include "bridge_targets.h"

using namespace backprop;

namespace {

// Writes targets, weights and offsets to a file that is removed with the rows. value(r, c) is the
// number of row r in column c.
template <class T, class Value>
StoredRows<T> write_rest(const std::string& path, bool map, std::size_t n, const Rows<T>& rows,
                         Value value) {
  StoredRows<T> out;
  out.width =
      rows.stored_targets() + 1 + rows.with_case_weight + (rows.with_offset ? rows.outputs : 0);
  const std::size_t at_once = std::max<std::size_t>(1, (1u << 16) / out.width);
  std::vector<T> numbers;
  for (std::size_t begin = 0; begin == 0 || begin < n; begin += at_once) {
    numbers.clear();
    for (std::size_t r = begin; r < std::min(n, begin + at_once); ++r)
      for (std::size_t c = 0; c < out.width; ++c) numbers.push_back(static_cast<T>(value(r, c)));
    append_to_file(path, numbers.data(), numbers.size() * sizeof(T), begin == 0);
  }
  out.file = std::make_shared<StoredFile>(path, map);
  out.file->remove_at_end();
  return out;
}

// The targets of some rows one after the other, from a file or from memory.
class TargetsInOrder {
 public:
  TargetsInOrder(const Targets& y, RowNumbers which) : y_(y), which_(std::move(which)) {
    if (y.stored) stored_ = std::make_unique<StoredInOrder>(*y.stored, which_);
  }
  double operator()(std::size_t i, std::size_t c) {
    return stored_ ? (*stored_)(i, c) : y_(which_[i] - 1, c);
  }

 private:
  const Targets& y_;
  RowNumbers which_;
  std::unique_ptr<StoredInOrder> stored_;
};

template <class T>
Rows<T> copy_rows(const Inputs& X, const Targets& y, const Numbers& weights,
                  const Numbers& case_weights, const Numbers& offset, bool with_offset,
                  const RowNumbers& which, const std::string& file) {
  const std::size_t n = which.count(X.rows);
  Rows<T> rows(n, X.columns, y.columns, with_offset, !X.sparse && !X.stored, file.empty());
  rows.with_case_weight = case_weights.rows > 0;
  // Transposes blocks of rows: small enough for the written block to stay in the first-level cache,
  // and large enough to read contiguous runs of each column.
  auto copy = [&](const Rcpp::NumericMatrix& from, Buffer<T>& to) {
    constexpr std::size_t at_once = 64;
    const std::size_t columns = from.ncol(), all = from.nrow();
    const int* const row = which.numbers().begin();
    for (std::size_t begin = 0; begin < n; begin += at_once)
      for (std::size_t c = 0; c < columns; ++c) {
        const double* const column = from.begin() + c * all - 1;
        T* target = to.data() + begin * columns + c;
        for (std::size_t r = begin; r < std::min(n, begin + at_once); ++r, target += columns)
          *target = static_cast<T>(column[row[r]]);
      }
  };
  if (X.sparse) {
    rows.sparse_x = X.by_row<T>(which.numbers());
  } else if (X.stored) {
    rows.stored_x = X.stored->by_row<T>(which);
  } else {
    copy(X.dense, rows.x);
  }
  NumbersInOrder weight(weights, which), case_weight(case_weights, which);
  auto weight_of = [&](std::size_t i) { return weights.rows ? weight(i) : 1.0; };
  for (std::size_t i = 0; i < n; ++i) rows.total_weight += weight_of(i);
  rows.total_case_weight = rows.total_weight;
  if (case_weights.rows) {
    rows.total_case_weight = 0;
    for (std::size_t i = 0; i < n; ++i) rows.total_case_weight += case_weight(i);
  }
  if (!file.empty()) {
    TargetsInOrder targets(y, which);
    NumbersInOrder offsets(offset, which);
    if (y.classes.size()) rows.class_targets = y.of_class;
    rows.stored_rest =
        write_rest<T>(file, X.stored->map, n, rows, [&](std::size_t i, std::size_t c) -> double {
          const std::size_t k = rows.stored_targets();
          if (c < k) return y.classes.size() ? y.classes[which[i] - 1] : targets(i, c);
          if (c == k) return weight_of(i);
          if (c == k + 1 && case_weights.rows) return case_weight(i);
          return offsets(i, c - k - 1 - rows.with_case_weight);
        });
    return rows;
  }
  copy(y.numbers, rows.y);
  if (with_offset) copy(Rcpp::NumericMatrix(static_cast<SEXP>(offset.values)), rows.offset);
  for (std::size_t i = 0; i < n; ++i) rows.weight.data()[i] = static_cast<T>(weight_of(i));
  if (case_weights.rows) {
    rows.case_weight = Buffer<T>(n);
    for (std::size_t i = 0; i < n; ++i) rows.case_weight.data()[i] = static_cast<T>(case_weight(i));
  }
  return rows;
}

}  // namespace

// `file`: for rows in a file, the path of a new file for targets, weights and offsets; "" to keep
// them in memory. `which`: the numbers of the rows; NULL for all rows in a file. `weights`,
// `offset`, `case_weights`: see Numbers.
// [[Rcpp::export(rng = false)]]
SEXP core_rows(SEXP X, SEXP y, SEXP weights, SEXP offset, Rcpp::Nullable<Rcpp::IntegerVector> which,
               bool single, SEXP case_weights = R_NilValue, std::string file = "") {
  const Inputs inputs(X);
  const Targets targets(y);
  const Numbers of_weights(weights), of_cases(case_weights), offsets(offset);
  const bool with_offset = !Rf_isNull(offset);
  const auto all = static_cast<std::size_t>(inputs.rows);
  require(file.empty() || inputs.stored, "Only rows in a file have targets in a file.");
  require(!file.empty() || (!targets.classes.size() && !targets.stored && !of_weights.stored &&
                            !of_cases.stored && !offsets.stored),
          "Targets, weights and offsets in memory must be numbers.");
  require(which.isNotNull() || !file.empty(), "The rows must be numbered.");
  require(targets.rows == all, "The targets must have a row for each row of the data.");
  require(of_weights.rows == 0 || (of_weights.rows == all && of_weights.columns == 1),
          "There must be a weight for each row of the data.");
  require(of_cases.rows == 0 || (of_cases.rows == all && of_cases.columns == 1),
          "There must be a case weight for each row of the data.");
  require(!with_offset || (offsets.rows == all && offsets.columns == targets.columns),
          "There must be an offset for each row and output.");
  if (which.isNotNull()) check_row_numbers(Rcpp::IntegerVector(which), inputs.rows);
  const RowNumbers numbers = which.isNull() ? RowNumbers() : RowNumbers(Rcpp::IntegerVector(which));
  auto copied = [&](auto zero) {
    return new AnyRows(copy_rows<decltype(zero)>(inputs, targets, of_weights, of_cases, offsets,
                                                 with_offset, numbers, file));
  };
  return RowsPointer(single ? copied(0.0f) : copied(0.0));
}

// Frees rows whose use has ended. R would free them when it next collects garbage, for which it
// does not count their memory.
// [[Rcpp::export(rng = false)]]
void core_free_rows(SEXP pointer) { RowsPointer(pointer).release(); }

// Tells rows where they are among those of all processes that train together: how many come before
// them, how many there are, and the total weights of all.
// [[Rcpp::export(rng = false)]]
void core_place_rows(SEXP pointer, double before, double all, double total_weight,
                     double total_case_weight) {
  std::visit(
      [&](auto& rows) {
        rows.all = static_cast<std::size_t>(whole(all, 1, most_int, "all"));
        rows.before = static_cast<std::size_t>(
            whole(before, 0, all - static_cast<double>(rows.count), "before"));
        rows.total_weight = total_weight;
        rows.total_case_weight = total_case_weight;
      },
      *RowsPointer(pointer));
}
