// Training in chunks of epochs: a chunk takes a state and returns the next one, and two chunks of
// 50 epochs equal one of 100.
#pragma once
#include <limits>
#include <vector>

#include "network.h"
#include "pass.h"
#include "random.h"
#include "rows.h"
#include "state.h"

namespace backprop {

enum class Family { first_order, lbfgs, levenberg_marquardt };

// A method and its constants, which are 0 if the method does not use them. The formulas of the
// rules are in simd/rule_table.h.
struct Method {
  Family family;
  Rule rule;  // of first-order methods
  double decay, decay2, epsilon;
  double less, more, least, most;  // of rprop
  double weight_decay;             // of adamw, decoupled
  double clip;                     // the largest norm of the gradient
  double history;                  // of lbfgs: the number of pairs
  double gradient_tolerance;       // of second-order methods, for the mean-reduced objective
};

struct Plan {
  std::size_t batch_size;  // at most the number of rows of all processes
  bool shuffle;
  bool in_blocks;  // shuffle blocks of rows (see core/random.h)
  Key seed;
  std::vector<double> dropout;  // a rate for each hidden layer, or empty
  std::size_t epochs;           // number of epochs to run
  std::vector<double> rates;    // a learning rate for each of them, or a single one
  // Early stopping after `patience` epochs without an improvement by more than `tolerance`;
  // infinity disables it.
  double patience, tolerance;
  bool track_best;     // keep the weights of the epoch with the lowest validation loss
  bool count_correct;  // compute the fraction of correct classes
  // A factor of the learning rate for each parameter, 0 for frozen ones; empty if all are 1.
  std::vector<double> rate_factors;
  // The largest norm of the weights of a hidden unit.
  double max_norm = std::numeric_limits<double>::infinity();
  std::size_t threads;    // the results do not depend on it
  double seconds;         // time limit of the chunk
  bool (*interrupted)();  // polled regularly; may be nullptr
  // Replaces numbers by their sums over the processes that train together. False if it failed.
  // nullptr if there is one process.
  bool (*sum)(double* numbers, std::size_t count);

  double rate(std::size_t epoch) const { return rates[rates.size() == 1 ? 0 : epoch]; }
};

// The arguments of train().
template <class T> struct Training {
  const Network& network;
  const Objective& objective;
  const Method& method;
  const Plan& plan;
  const Rows<T>& rows;
  const Rows<T>* validation;  // may be nullptr
};

// Why training ended early; `none` if it is still running or completed all epochs of its plan.
enum class Stop { none, time, interrupted, patience, diverged, gradient, precision };

struct Outcome {
  Stop stop = Stop::none;
  // one element for each completed epoch
  std::vector<double> loss, correct, validation_loss, validation_correct;

  bool ended() const { return stop != Stop::none; }
};

// Runs at most plan.epochs epochs. After divergence the state is that after the last epoch with
// finite numbers.
template <class T> Outcome train(const Training<T>& training, State& state);

// The families of methods. For second-order methods an epoch is one accepted iteration.
template <class T> Outcome train_first_order(const Training<T>& training, State& state);
template <class T> Outcome train_lbfgs(const Training<T>& training, State& state);
template <class T> Outcome train_levenberg_marquardt(const Training<T>& training, State& state);

}  // namespace backprop
