// Training, a chunk of epochs at a time: a state goes in, the next state comes out, and 50 + 50
// epochs equal 100.
#pragma once
#include <vector>

#include "network.h"
#include "pass.h"
#include "random.h"
#include "rows.h"
#include "state.h"

namespace backprop {

enum class Family { first_order, lbfgs, levenberg_marquardt };

// A method and its numbers, each 0 where the method has none; what a rule's mean stands in
// simd/rule_table.h.
struct Method {
  Family family;
  Rule rule;  // of the first-order family
  double decay, decay2, epsilon;
  double less, more, least, most;  // rprop's
  double weight_decay;             // adamw's, decoupled
  double clip;                     // the largest norm of a gradient
  double history;                  // lbfgs: how many pairs it remembers
  double gradient_tolerance;       // of the second-order methods, on the mean-reduced objective
};

struct Plan {
  std::size_t batch_size;  // at most the number of rows
  bool shuffle;
  Key seed;
  std::vector<double> dropout;  // a rate for each hidden layer; empty for none
  std::size_t epochs;           // to run
  std::vector<double> rates;    // the learning rate of each of them, or one for all
  // Epochs without an improvement by more than `tolerance`; infinity for no such rule.
  double patience, tolerance;
  bool track_best;        // keep the weights of the epoch with the lowest validation loss
  bool count_correct;     // also the share of rows whose class is right
  std::size_t threads;    // who share the work; the results are the same for any number
  double seconds;         // after which the chunk ends
  bool (*interrupted)();  // polled now and then; nullptr for never

  double rate(std::size_t epoch) const { return rates[rates.size() == 1 ? 0 : epoch]; }
};

// All that a training is given.
template <class T> struct Training {
  const Network& network;
  const Objective& objective;
  const Method& method;
  const Plan& plan;
  const Rows<T>& rows;
  const Rows<T>* validation;  // nullptr for none
};

// Why training ended before the epochs of its plan were done; `none` where they are, or as long as
// it goes on.
enum class Stop { none, time, interrupted, patience, diverged, gradient, precision };

struct Outcome {
  Stop stop = Stop::none;
  // a number for each epoch completed
  std::vector<double> loss, correct, validation_loss, validation_correct;

  bool ended() const { return stop != Stop::none; }
};

// Runs plan.epochs epochs, or fewer. After divergence the state is that of the last epoch with
// finite numbers.
template <class T> Outcome train(const Training<T>& training, State& state);

// Its families. For the full-batch second-order methods an epoch is an accepted iteration.
template <class T> Outcome train_first_order(const Training<T>& training, State& state);
template <class T> Outcome train_lbfgs(const Training<T>& training, State& state);
template <class T> Outcome train_levenberg_marquardt(const Training<T>& training, State& state);

}  // namespace backprop
