// Bugs that `sh tools/sanitize.sh planted` compiles in, one at a time, to show that each of its
// legs reports bugs of its kind. Other builds do not contain them.
#pragma once

#if defined(BACKPROP_PLANT_RACE)

#include <thread>
namespace backprop {
// Two threads change a number without synchronisation.
inline void planted_bug() {
  static int number = 0;
  std::thread other([] { ++number; });
  ++number;
  other.join();
}
}  // namespace backprop

#elif defined(BACKPROP_PLANT_OVERFLOW)

namespace backprop {
// Reads the element after the end of an array.
inline void planted_bug() {
  static volatile int size = 4;
  static volatile double read;
  double* numbers = new double[size];
  for (int i = 0; i < size; ++i) numbers[i] = i;
  read = numbers[size];
  delete[] numbers;
}
}  // namespace backprop

#elif defined(BACKPROP_PLANT_UNDEFINED)

namespace backprop {
// Converts a number to an integer that can't represent it.
inline void planted_bug() {
  static volatile double number = 1e30;
  static volatile int converted;
  converted = static_cast<int>(number);
}
}  // namespace backprop

#elif defined(BACKPROP_PLANT_LEAK)

namespace backprop {
// Loses memory.
inline void planted_bug() {
  static double* volatile numbers;
  numbers = new double[100];
  numbers = nullptr;
}
}  // namespace backprop

#elif defined(BACKPROP_PLANT_UNPROTECTED)

#include <Rinternals.h>
namespace backprop {
// Uses an object of R that the garbage collector may have freed.
inline void planted_bug() {
  SEXP numbers = Rf_allocVector(REALSXP, 1000);
  for (int i = 0; i < 1000; ++i) REAL(numbers)[i] = 1;
  for (int i = 0; i < 100; ++i) {
    SEXP other = Rf_allocVector(REALSXP, 1000);
    for (int j = 0; j < 1000; ++j) REAL(other)[j] = 2;
  }
  if (TYPEOF(numbers) != REALSXP || REAL(numbers)[500] != 1) Rf_error("a freed object was used");
}
}  // namespace backprop

#else

namespace backprop {
inline void planted_bug() {}
}  // namespace backprop

#endif
