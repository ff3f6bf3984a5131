#include "train.h"

#include "tables.h"

namespace backprop {

template <> const std::vector<std::pair<std::string, Family>>& named_rows() {
  static const std::vector<std::pair<std::string, Family>> rows = {
      {"first_order", Family::first_order},
      {"lbfgs", Family::lbfgs},
      {"levenberg_marquardt", Family::levenberg_marquardt}};
  return rows;
}

template <> const std::vector<std::pair<std::string, Stop>>& named_rows() {
  static const std::vector<std::pair<std::string, Stop>> rows = {
      {"iterations", Stop::none},         {"time", Stop::time},
      {"interrupted", Stop::interrupted}, {"patience", Stop::patience},
      {"diverged", Stop::diverged},       {"gradient", Stop::gradient},
      {"precision", Stop::precision}};
  return rows;
}

template <class T> Outcome train(const Training<T>& training, State& state) {
  switch (training.method.family) {
    case Family::first_order: return train_first_order(training, state);
    case Family::lbfgs: return train_lbfgs(training, state);
    case Family::levenberg_marquardt: return train_levenberg_marquardt(training, state);
  }
  return {};
}

template Outcome train<double>(const Training<double>&, State&);
template Outcome train<float>(const Training<float>&, State&);

}  // namespace backprop
