// The objective and its gradient, over some rows or over all.
#pragma once
#include <vector>

#include "pass.h"

namespace backprop {

// The summed loss of `count` rows from `first`, which are one piece; where `gradient` is not
// nullptr the sum's gradient is written to it for the first piece, and added for the others.
template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows,
                  std::size_t first, std::size_t count, T* gradient);

// penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|)
template <class T>
double penalty_value(const Network& network, const Objective& objective, const T* weights);
// gradient <- scale * gradient + share * the penalty's gradient
template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights,
                     double scale, double share, T* gradient);

// The loss over all rows and the objective's value and gradient at weights in double, for methods
// that work on the full batch.
template <class T> class FullBatch {
 public:
  FullBatch(const Network& network, const Objective& objective, const Rows<T>& rows, Team& team);
  struct Value {
    double objective, data_loss, correct;
  };
  // `gradient` may be nullptr.
  Value at(const std::vector<double>& weights, std::vector<double>* gradient, bool count_correct);
  // The largest |gradient| max(1, |weight|) over max(1, objective), both mean-reduced.
  double relative_gradient(const std::vector<double>& weights, const std::vector<double>& gradient,
                           double objective) const;
  // The reduced loss is the sum over the rows times this.
  double scale() const { return objective_.mean ? 1 / rows_.total_weight : 1; }
  const T* rounded(const std::vector<double>& weights);
  Pass<T>& pass() { return pass_; }

 private:
  const Network& network_;
  const Objective& objective_;
  const Rows<T>& rows_;
  Pass<T> pass_;
  Buffer<T> weights_, gradient_;
};

}  // namespace backprop
