// Whole epochs of gradient descent for a network so small that its rows fill one panel at most.
#pragma once
#include "pass.h"

namespace backprop {

template <class T> class SmallNetworkPass {
 public:
  static bool takes(const Network& network, std::size_t rows);

  // On the rows that are loaded in `pass`, which has to stay as it is.
  SmallNetworkPass(Pass<T>& pass, const Objective& objective);
  // An epoch for each rate; the sums of the loss go to `losses`.
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
