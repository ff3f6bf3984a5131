#include "least_squares.h"

#include <cmath>

#include "../simd/instruction_sets.h"

namespace backprop {

bool Linearised::is_finite() const {
  double probe = 0;
  for (std::size_t i = 0; i < numbers_.size(); ++i) probe += 0 * numbers_.data()[i];
  return probe == 0;
}

void Linearised::set_zero(std::size_t column) {
  for (std::size_t panel = 0; panel < panels_; ++panel)
    std::fill_n(at(panel, column), line<double>, 0.0);
}

double Linearised::squares(std::size_t column) const {
  double sum = 0;
  kernels<double>().inner_products(panels_, columns(), data(), column, 1, column, 1, &sum);
  return sum;
}

double Linearised::squares_after(const std::vector<double>& step) const {
  double squares = 0;
  for (std::size_t panel = 0; panel < panels_; ++panel) {
    double sums[line<double>];
    std::copy_n(at(panel, parameters_), line<double>, sums);
    for (std::size_t k = 0; k < parameters_; ++k) {
      const double* x = at(panel, k);
      for (std::size_t r = 0; r < line<double>; ++r) sums[r] += x[r] * step[k];
    }
    for (const double sum : sums) squares += sum * sum;
  }
  return squares;
}

std::vector<double> Linearised::gradient() const {
  std::vector<double> gradient(parameters_);
  kernels<double>().inner_products(panels_, columns(), data(), parameters_, 1, 0, parameters_,
                                   gradient.data());
  return gradient;
}

DampedLeastSquares::DampedLeastSquares(std::size_t rows, std::size_t parameters)
    : work_(rows, parameters),
      upper_(parameters * (parameters + 1)),
      factors_(2 * block * (parameters + 1)) {}

// Makes the reflections of columns first, ..., first + count - 1 and applies them to each other.
// Below the diagonal of R, the columns become the vectors of the reflections 1 - tau (1, v) (1,
// v)', and `triangle_` their upper triangular factor T: their product is 1 - V T' V'.
void DampedLeastSquares::reflect_block(std::size_t first, std::size_t count,
                                       const std::vector<double>& diagonal) {
  const Kernels<double>& with = kernels<double>();
  const std::size_t panels = work_.panels(), columns = work_.columns();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t k = first + i, others = count - i - 1;
    const double root = std::sqrt(diagonal[k] * diagonal[k] + work_.squares(k));
    const double head = diagonal[k] + root;
    tau_[i] = root > 0 ? head / root : 0;
    *upper(k, k) = -root;
    if (root > 0)
      for (std::size_t panel = 0; panel < panels; ++panel) {
        double* x = work_.at(panel, k);
        for (std::size_t r = 0; r < line<double>; ++r) x[r] /= head;
      }
    if (others == 0) continue;
    double* row = upper(k, k + 1);
    with.inner_products(panels, columns, work_.data(), k, 1, k + 1, others, row);
    for (std::size_t j = 0; j < others; ++j) row[j] *= tau_[i];
    with.subtract_products(panels, columns, work_.data(), k, 1, k + 1, others, row);
    for (std::size_t j = 0; j < others; ++j) row[j] = -row[j];
  }
  with.inner_products(panels, columns, work_.data(), first, count, first, count, products_);
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      double sum = 0;
      for (std::size_t l = i; l < j; ++l)
        sum += triangle_[i * block + l] * products_[l * count + j];
      triangle_[i * block + j] = -tau_[j] * sum;
    }
    triangle_[j * block + j] = tau_[j];
  }
}

// Applies the reflections of a block to the columns after it. Their rows of the diagonal matrix are
// zeros but for the offsets.
void DampedLeastSquares::reflect_others(std::size_t first, std::size_t count,
                                        const std::vector<double>& offset) {
  const Kernels<double>& with = kernels<double>();
  const std::size_t panels = work_.panels(), columns = work_.columns(), next = first + count,
                    others = columns - next;
  double *sums = factors_.data(), *factors = sums + block * columns;
  with.inner_products(panels, columns, work_.data(), first, count, next, others, sums);
  for (std::size_t i = 0; i < count; ++i) sums[i * others + others - 1] += offset[first + i];
  for (std::size_t i = 0; i < count; ++i) {
    double* factor = factors + i * others;
    std::fill_n(factor, others, 0.0);
    for (std::size_t l = 0; l <= i; ++l) {
      const double t = triangle_[l * block + i], *sum = sums + l * others;
      for (std::size_t j = 0; j < others; ++j) factor[j] += t * sum[j];
    }
    double* row = upper(first + i, next);
    for (std::size_t j = 0; j < others; ++j) row[j] = -factor[j];
    row[others - 1] += offset[first + i];
  }
  with.subtract_products(panels, columns, work_.data(), first, count, next, others, factors);
}

std::vector<double> DampedLeastSquares::solve(const Linearised& at,
                                              const std::vector<double>& diagonal,
                                              const std::vector<double>& offset) {
  const std::size_t n = work_.parameters();
  std::copy_n(at.data(), panel_at<double>(at.panels(), at.columns()), work_.data());
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t count = std::min(block, n - first);
    reflect_block(first, count, diagonal);
    reflect_others(first, count, offset);
  }
  std::vector<double> step(n);
  for (std::size_t k = n; k-- > 0;) {
    const double* row = upper(k, 0);
    double sum = row[n];
    for (std::size_t j = k + 1; j < n; ++j) sum += row[j] * step[j];
    step[k] = -sum / row[k];
  }
  return step;
}

}  // namespace backprop
