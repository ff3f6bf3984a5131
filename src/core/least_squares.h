// Damped linear least squares, the steps of Levenberg-Marquardt.
#pragma once
#include <vector>

#include "buffer.h"
#include "panels.h"

namespace backprop {

// Residuals and their Jacobian in panels: a column for each parameter and, as the last one, the
// residuals. Rows without a residual are zeros.
class Linearised {
 public:
  Linearised(std::size_t rows, std::size_t parameters)
      : panels_(panels_for<double>(rows)),
        parameters_(parameters),
        numbers_(panel_at<double>(panels_, parameters + 1)) {}
  std::size_t panels() const { return panels_; }
  std::size_t parameters() const { return parameters_; }
  std::size_t columns() const { return parameters_ + 1; }
  const double* data() const { return numbers_.data(); }
  double* data() { return numbers_.data(); }
  // The line of a column in a panel.
  double* at(std::size_t panel, std::size_t column) {
    return numbers_.data() + line_at<double>(panel, column, columns());
  }
  const double* at(std::size_t panel, std::size_t column) const {
    return numbers_.data() + line_at<double>(panel, column, columns());
  }

  bool is_finite() const;
  void set_zero(std::size_t column);
  // The sum of squares of a column; that of column `parameters()` is that of the residuals.
  double squares(std::size_t column) const;
  // The sum of squares of residuals + Jacobian * step.
  double squares_after(const std::vector<double>& step) const;
  // The transpose of the Jacobian times the residuals.
  std::vector<double> gradient() const;

 private:
  std::size_t panels_, parameters_;
  Buffer<double> numbers_;
};

// The step x of the smallest |residuals + Jacobian x|^2 + sum_i (diagonal_i x_i + offset_i)^2, by
// QR with Householder reflections. The reflection of column k changes row k of the diagonal matrix
// and the rows of the Jacobian only, because the rows between them are zeros in column k.
// Reflections are applied in blocks (Schreiber and Van Loan 1989, doi:10.1137/0910005).
class DampedLeastSquares {
 public:
  DampedLeastSquares(std::size_t rows, std::size_t parameters);
  std::vector<double> solve(const Linearised& at, const std::vector<double>& diagonal,
                            const std::vector<double>& offset);

 private:
  // Columns whose reflections are applied together: a multiple of the kernel's tile.
  static constexpr std::size_t block = 9;
  void reflect_block(std::size_t first, std::size_t count, const std::vector<double>& diagonal);
  void reflect_others(std::size_t first, std::size_t count, const std::vector<double>& offset);
  double* upper(std::size_t row, std::size_t column) {
    return upper_.data() + row * work_.columns() + column;
  }

  Linearised work_;
  std::vector<double> upper_;  // R and, as the last column, the right-hand side; by row
  double tau_[block], triangle_[block * block], products_[block * block];
  std::vector<double> factors_;  // of the reflections, for each column after a block
};

}  // namespace backprop
