// Runs a chunk of epochs: takes a state from R and returns the next one.
#include "bridge.h"

using namespace backprop;

namespace {

// The error that R signalled when it was last called (a time limit, or the error of an event
// handler); nullptr if there was none or an interrupt.
SEXP error_of_poll = nullptr;

// R's function that adds numbers up over the processes that train together, during a call that has
// one.
SEXP sum_function = nullptr;
struct WithSum {
  explicit WithSum(SEXP function) { sum_function = function; }
  WithSum(const WithSum&) = delete;
  ~WithSum() { sum_function = nullptr; }
};

struct Poll {
  bool signalled = false;
  SEXP error = nullptr;
};

// What tells an error or an interrupt of R to the caller.
SEXP record(SEXP condition, void* result) {
  Poll& poll = *static_cast<Poll*>(result);
  poll.signalled = true;
  if (!Rf_inherits(condition, "interrupt")) R_PreserveObject(poll.error = condition);
  return R_NilValue;
}

SEXP interrupt_and_error() {
  SEXP classes = Rf_allocVector(STRSXP, 2);
  PROTECT(classes);
  SET_STRING_ELT(classes, 0, Rf_mkChar("interrupt"));
  SET_STRING_ELT(classes, 1, Rf_mkChar("error"));
  UNPROTECT(1);
  return classes;
}

void poll(void* result) {
  SEXP classes = PROTECT(interrupt_and_error());
  R_tryCatch(
      [](void*) {
        R_CheckUserInterrupt();
        return R_NilValue;
      },
      nullptr, classes, record, result, nullptr, nullptr);
  UNPROTECT(1);
}

struct Summation : Poll {
  double* numbers;
  std::size_t count;
};

// Calls R's function; the result must have as many numbers.
SEXP call_sum(void* data) {
  Summation& of = *static_cast<Summation*>(data);
  SEXP numbers = PROTECT(Rf_allocVector(REALSXP, static_cast<R_xlen_t>(of.count)));
  std::copy_n(of.numbers, of.count, REAL(numbers));
  SEXP call = PROTECT(Rf_lang2(sum_function, numbers));
  SEXP sums = PROTECT(Rf_eval(call, R_BaseEnv));
  if (TYPEOF(sums) != REALSXP || static_cast<std::size_t>(Rf_xlength(sums)) != of.count)
    Rf_error("The sum over the processes must have as many numbers as were supplied.");
  std::copy_n(REAL(sums), of.count, of.numbers);
  UNPROTECT(3);
  return R_NilValue;
}

void try_sum(void* data) {
  SEXP classes = PROTECT(interrupt_and_error());
  R_tryCatch(call_sum, data, classes, record, static_cast<Poll*>(static_cast<Summation*>(data)),
             nullptr, nullptr);
  UNPROTECT(1);
}

// Returns the error, or R's NULL, once.
Rcpp::RObject taken_error() {
  if (!error_of_poll) return R_NilValue;
  Rcpp::RObject error(error_of_poll);
  R_ReleaseObject(error_of_poll);
  error_of_poll = nullptr;
  return error;
}

void keep_error(const Poll& poll) {
  if (!poll.error) return;
  taken_error();
  error_of_poll = poll.error;
}

}  // namespace

// Has R been interrupted, or signalled an error? No other jump may leave this function, because the
// frames above it have C++ objects and threads.
bool backprop::poll_interrupt() {
  Poll result;
  const bool ended = !R_ToplevelExec(poll, &result) || result.signalled;
  keep_error(result);
  return ended;
}

// False if R's function failed. As above, no other jump may leave.
bool backprop::sum_over_processes(double* numbers, std::size_t count) {
  Summation sum;
  sum.numbers = numbers;
  sum.count = count;
  const bool failed = !R_ToplevelExec(try_sum, &sum) || sum.signalled;
  keep_error(sum);
  return !failed;
}

// [[Rcpp::export(rng = false)]]
Rcpp::List core_train(Rcpp::List layers, Rcpp::List objective_list, Rcpp::List method_list,
                      Rcpp::List plan_list, SEXP rows_pointer, SEXP validation_pointer,
                      Rcpp::List state_list) {
  taken_error();  // of a call that ended with another error
  CustomFailure failure;
  const Network network = as_network(layers, true, &failure);
  const Objective objective = as_objective(objective_list, network, &failure);
  const Method method = as_method(method_list);
  const Plan plan = as_plan(plan_list);
  const SEXP sum = plan_list["sum"];
  const WithSum with_sum(sum);
  State state = as_state(state_list, method, network);
  auto run = [&](const auto& rows) {
    using T = std::decay_t<decltype(*rows.x.data())>;
    const Rows<T>* validation = Rf_isNull(validation_pointer)
                                    ? nullptr
                                    : &std::get<Rows<T>>(*RowsPointer(validation_pointer));
    const Training<T> training{network, objective, method, plan, rows, validation};
    check_training(training, state);
    return train<T>(training, state);
  };
  const Outcome outcome = std::visit(run, *RowsPointer(rows_pointer));
  failure.raise();
  return Rcpp::List::create(
      Rcpp::_["state"] = as_list(state, method), Rcpp::_["stop"] = name_of(outcome.stop),
      Rcpp::_["loss"] = outcome.loss, Rcpp::_["correct"] = outcome.correct,
      Rcpp::_["validation_loss"] = outcome.validation_loss,
      Rcpp::_["validation_correct"] = outcome.validation_correct, Rcpp::_["error"] = taken_error());
}
