// The objective and its gradient, for one piece or for all rows.
#pragma once
#include <vector>

#include "pass.h"
#include "sums.h"

namespace backprop {

// The summed loss of the piece of `count` rows from `first`. If `gradient` is not nullptr, the
// gradient of the sum overwrites it for the first piece and is added to it for the others.
template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows,
                  std::size_t first, std::size_t count, T* gradient);

// penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|)
template <class T>
double penalty_value(const Network& network, const Objective& objective, const T* weights);
// gradient <- scale * gradient + share * gradient of the penalty
template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights,
                     double scale, double share, T* gradient);

// Sets the derivatives of frozen parameters to 0. `rate_factors`: as in Plan.
template <class T> void clear_frozen(const std::vector<double>& rate_factors, T* gradient) {
  for (std::size_t i = 0; i < rate_factors.size(); ++i)
    if (rate_factors[i] == 0) gradient[i] = 0;
}

// The loss, the objective and its gradient over all rows of all processes at weights in double
// precision, for full-batch methods.
template <class T> class FullBatch {
 public:
  // The derivatives of frozen parameters are 0.
  FullBatch(const Training<T>& training, Team& team);
  struct Value {
    double objective, data_loss, correct;
  };
  // `gradient` may be nullptr. `stop` becomes a reason to stop that another process has.
  Value at(const std::vector<double>& weights, std::vector<double>* gradient, bool count_correct,
           Stop& stop);
  bool alone() const { return sums_.alone(); }
  // max |gradient| max(1, |weight|) / max(1, objective), with both reduced to the mean.
  double relative_gradient(const std::vector<double>& weights, const std::vector<double>& gradient,
                           double objective) const;
  // The factor from the sum over the rows to the reduced loss.
  double scale() const { return objective_.mean ? 1 / rows_.total_weight : 1; }
  // The weights at the precision of training.
  const T* rounded(const std::vector<double>& weights);
  Pass<T>& pass() { return pass_; }

 private:
  const Network& network_;
  const Objective& objective_;
  const Rows<T>& rows_;
  const std::vector<double>& rate_factors_;
  Pass<T> pass_;
  Buffer<T> weights_, gradient_;
  Sums<T> sums_;
};

}  // namespace backprop
