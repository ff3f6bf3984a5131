// The machine: instruction sets and memory. The names in the core's tables.
#include "bridge.h"

#ifndef _WIN32
#include <signal.h>
#include <unistd.h>
#endif

#include <cstdio>
#include <cstring>

#include "simd/instruction_sets.h"

using namespace backprop;

// [[Rcpp::export(rng = false)]]
Rcpp::LogicalVector core_instruction_sets() {
  int count = 0;
  const InstructionSet* sets = instruction_sets(&count);
  Rcpp::LogicalVector available(count);
  Rcpp::CharacterVector names(count);
  for (int i = 0; i < count; ++i) {
    available[i] = sets[i].available;
    names[i] = sets[i].name;
  }
  available.names() = names;
  return available;
}

// [[Rcpp::export(rng = false)]]
std::string core_instruction_set() { return instruction_set().name; }

// [[Rcpp::export(rng = false)]]
bool core_choose_instruction_set(std::string name) {
  return choose_instruction_set(name.empty() ? nullptr : name.c_str());
}

// Bytes of physical memory; Inf if the system does not report them.
// [[Rcpp::export(rng = false)]]
double core_physical_memory() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
#else
  return R_PosInf;
#endif
}

#ifndef _WIN32
namespace {

char alarm_text[200];
struct sigaction before_alarm;

// Only what a handler of signals may call. Then the process ends as without this handler.
void on_alarm(int signal_number) {
  const ssize_t written = write(2, alarm_text, std::strlen(alarm_text));
  (void)written;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace
#endif

// Ends the process with a message if core_stop_alarm() is not called within so many seconds: a call
// that waits for other processes can't be ended in another way. Does nothing on Windows.
// [[Rcpp::export(rng = false)]]
void core_start_alarm(double seconds, int rank) {
#ifndef _WIN32
  std::snprintf(alarm_text, sizeof alarm_text,
                "\nbackprop: rank %d has waited for the other processes for %.0f seconds, the "
                "timeout of nn_mpi(), and ends.\n",
                rank, seconds);
  struct sigaction action {};
  action.sa_handler = on_alarm;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, &before_alarm);
  alarm(static_cast<unsigned>(whole(seconds, 1, most_int, "seconds")));
#endif
}

// [[Rcpp::export(rng = false)]]
void core_stop_alarm() {
#ifndef _WIN32
  alarm(0);
  sigaction(SIGALRM, &before_alarm, nullptr);
#endif
}

namespace {

template <class Row> Rcpp::CharacterVector names_of_rows() {
  Rcpp::CharacterVector names;
  for (const auto& row : named_rows<Row>()) names.push_back(row.first);
  return names;
}

}  // namespace

// The names of the rows of the core's tables. A test compares them with R's tables.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_tables() {
  return Rcpp::List::create(
      Rcpp::_["activations"] = names_of_rows<Activation>(),
      Rcpp::_["losses"] = names_of_rows<Loss>(), Rcpp::_["rules"] = names_of_rows<Rule>(),
      Rcpp::_["layers"] = names_of_rows<LayerKind>(), Rcpp::_["families"] = names_of_rows<Family>(),
      Rcpp::_["stops"] = names_of_rows<Stop>());
}

// Whether the core implements this loss with this output activation.
// [[Rcpp::export(rng = false)]]
bool core_is_defined(std::string loss, std::string output) {
  return is_defined(row_for<Loss>(Rcpp::wrap(loss), "loss"),
                    row_for<Activation>(Rcpp::wrap(output), "activation"));
}
