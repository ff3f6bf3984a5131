// Whole epochs of full-batch gradient descent for small networks whose rows fit in one panel.
#pragma once
#include "pass.h"

namespace backprop {

template <class T> class SmallNetworkPass {
 public:
  static bool is_applicable(const Network& network, std::size_t rows);

  // For the rows loaded in `pass`, which must not change during the lifetime of this object.
  SmallNetworkPass(Pass<T>& pass, const Objective& objective);
  // Runs one epoch for each learning rate. Stores the summed loss of each epoch in `losses`.
  void run(const std::vector<T>& rates, T* weights, std::vector<double>& losses);

 private:
  template <class F> void for_each_unit(T* weights, F&& f);

  Pass<T>& pass_;
  Buffer<T> ones_, zeros_;
  std::vector<Buffer<T>> weights_;
  std::vector<std::vector<const T*>> below_;
  std::vector<SmallLayer<T>> layers_;
  SmallNetwork<T> network_;
  T scale_;
};

}  // namespace backprop
